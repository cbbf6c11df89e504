"""The docs site says what is so: it builds, what is generated is fresh, snippets run, commands and options exist."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from docs.reference.__main__ import main as write_reference

from sfm2.server.app import create_app
from sfm2.types import GuardAction, GuardReason
from tests.conftest import clean_environment
from tests.server.live import live, settings_for
from tests.shown import faults, known_commands, simple_commands

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "site"
PAGES = sorted(SITE.glob("*.md"))
_FENCE = re.compile(r"^```(?P<language>[\w-]*)(?P<rest>[^\n]*)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
OPENVINO_SAYS = {"brgemm executor Init Failure"}  # on a processor without AVX2
PUBLISHED = False  # on the package indexes of Python and npm
_FROM_INDEX = re.compile(r"pip install '?sfm2\b(?!-\S*\.whl)|npm install sfm2-client")
_EXTRAS = re.compile(r"pip install '(?:sfm2|\.)\[([\w,]+)\]'")


def snippets(page: Path, *languages: str) -> list[str]:
    """The code of a page's fences; one with attributes, such as an output, is not for running."""
    found = _FENCE.finditer(page.read_text(encoding="utf-8"))
    return [one["code"] for one in found if one["language"] in languages and not one["rest"].strip()]


def commands_of(page: Path) -> Iterator[list[str]]:
    """What a page tells to type: the words of each simple command."""
    for snippet in snippets(page, "bash", "sh", "shell"):
        yield from simple_commands(snippet)


# --- what is generated


def test_what_is_generated_is_fresh() -> None:
    """`python -m docs.reference` writes it anew."""
    done = CliRunner().invoke(write_reference, ["--check"])
    assert (done.exit_code, done.output) == (0, "")


def test_a_setting_that_changes_makes_the_reference_stale(tmp_path: Path) -> None:
    page = tmp_path / "configuration.md"
    page.write_text(
        (SITE / "configuration.md").read_text(encoding="utf-8").replace("`8000`", "`8001`"), encoding="utf-8"
    )
    stale = CliRunner().invoke(write_reference, ["--check", str(tmp_path)])
    assert stale.exit_code == 1
    assert "configuration.md out of date" in stale.output
    assert CliRunner().invoke(write_reference, [str(tmp_path)]).exit_code == 0
    assert page.read_bytes() == (SITE / "configuration.md").read_bytes()


# --- the site


@pytest.mark.slow
def test_the_site_builds_without_a_broken_link_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    shutil.copytree(SITE, tmp_path / "docs" / "site")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    zensical = Path(sys.executable).with_name("zensical")
    built = subprocess.run([zensical, "build", "--strict"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert built.returncode == 0, built.stdout + built.stderr

    for page in PAGES:
        place = "index.html" if page.stem == "index" else f"{page.stem}/index.html"
        html = (tmp_path / "docs" / "build" / place).read_text(encoding="utf-8")
        fetched = re.findall(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^\"' >]+", html)
        fetched += re.findall(r"<link\b[^>]*\bhref=[\"']?https?://[^\"' >]+", html)
        assert fetched == [], page.name
    assert "abstained" in (tmp_path / "docs" / "build" / "search.json").read_text(encoding="utf-8")


def test_the_navigation_names_every_page_and_no_other() -> None:
    def named(entries: list[dict[str, object]]) -> Iterator[str]:
        for target in (target for entry in entries for target in entry.values()):
            yield from [target] if isinstance(target, str) else named(target)  # type: ignore[arg-type]

    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert sorted(named(config["project"]["nav"])) == [page.name for page in PAGES]


def test_the_page_on_the_guard_explains_every_action_and_reason() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (SITE / "guard.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted([*GuardAction, *GuardReason])


# --- messages


def test_the_messages_in_troubleshooting_are_those_of_the_product() -> None:
    """Their headings, piece by piece: `...` and numbers stand for what a message fills in."""
    said = {text for file in (ROOT / "src").rglob("*.py") for text in literals(file)}
    parts = (SITE / "troubleshooting.md").read_text(encoding="utf-8").split("\n## ")
    headings = [line[4:] for part in parts[1:4] for line in part.splitlines() if line.startswith("### ")]
    assert len(headings) > 20
    for heading in set(headings) - OPENVINO_SAYS:
        for piece in filter(None, map(str.strip, re.split(r"\.\.\.|(?<= )-\d+\)", heading))):
            assert any(piece in text for text in said), f"{heading}: nothing says {piece!r}"


def literals(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


# --- snippets


@pytest.fixture(scope="module")
def echo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service on the echo backend."""
    with live(create_app(settings_for(tmp_path_factory.mktemp("echo")))) as client:
        yield str(client.base_url)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index.md", "python.md"])
def test_the_python_of_a_page_runs_from_top_to_bottom(name: str, tmp_path: Path, echo_url: str) -> None:
    program = "\n".join(snippets(SITE / name, "python")).replace("http://localhost:8000", echo_url)
    assert "client" in program
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(tmp_path, {"SFM2_API_URL": echo_url, "SFM2_FALLBACK_CHAIN": "echo"}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("page", [SITE / "http.md", ROOT / "README.md"], ids=lambda page: page.name)
def test_the_requests_of_a_page_are_answered(page: Path, echo_url: str) -> None:
    requests = [words for words in commands_of(page) if words[0] == "curl"]
    assert requests != []
    for words in requests:
        here = [word.replace("localhost:8000", echo_url) for word in words]
        done = subprocess.run([*here, "-sS", "--fail-with-body"], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), shlex.join(words) + done.stdout
        assert done.stdout.startswith(("{", "event: "))


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    known = known_commands()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wrong = []
    for words in commands_of(page):
        if words[0] == "sfm2":
            wrong += [f"{shlex.join(words)}: {fault}" for fault in faults(words, known)]
        elif words[0] == "make":
            wrong += [f"no target {word}" for word in words[1:] if "=" not in word and word not in targets]
    assert wrong == []


def test_a_wrong_option_is_found() -> None:
    known = known_commands()
    assert list(faults(["sfm2", "generate", "x", "--max-lenght", "3"], known)) != []
    assert list(faults(["sfm2", "generat", "x"], known)) == ["no command generat"]
    assert list(faults(["sfm2", "keys", "create", "--name", "ada"], known)) == []


@pytest.mark.skipif(PUBLISHED, reason="then an index has it")
@pytest.mark.parametrize(
    "page",
    [*PAGES, ROOT / "README.md", ROOT / "clients/js/README.md", *sorted((ROOT / "examples").glob("*.*"))],
    ids=lambda page: f"{page.parent.name}/{page.name}",
)
def test_no_page_installs_from_an_index_what_is_on_none(page: Path) -> None:
    assert _FROM_INDEX.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_the_extras_of_a_page_exist(page: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {extra for found in _EXTRAS.findall(page.read_text(encoding="utf-8")) for extra in found.split(",")}
    assert named <= set(project["optional-dependencies"])
