"""`sfm2` itself: its list of commands, what it imports, and when."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

import sfm2 as package
from sfm2.cli import main
from sfm2.cli.root import COMMANDS, ELSEWHERE, Main
from sfm2.installation import command_for
from tests.cli.conftest import SFM2, WAIT, Sfm2
from tests.cli.on_terminal import on_terminal, plain
from tests.shown import faults, help_examples, known_commands, simple_commands

HEAVY = {"fastapi", "uvicorn", "openvino", "openvino_genai", "torch", "transformers", "openai", "gguf", "nncf"}
NOT_FOR_HELP = HEAVY | {"pydantic", "httpx", "rich", "pygments", "sfm2.config", "sfm2.types"}


def imported_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=WAIT, check=True)
    return set(result.stdout.split())


def test_help_lists_the_commands_and_the_exit_codes(sfm2: Sfm2) -> None:
    result = sfm2("--help")
    assert result.returncode == 0
    assert all(f"  {name} " in result.stdout for name in COMMANDS)
    assert "130 Ctrl-C" in result.stdout


def test_the_group_imports_nothing_that_its_help_does_not_need() -> None:
    assert not imported_by("import sfm2.cli") & NOT_FOR_HELP


@pytest.mark.parametrize("name", ["generate", "complete", "explain", "health", "stats", "config"])
def test_commands_import_nothing_heavy(name: str) -> None:
    module = COMMANDS[name].place.split(":")[0]
    assert not imported_by(f"import {module}") & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_described_as_in_the_list(name: str) -> None:
    assert isinstance(main, Main)
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == COMMANDS[name].help


def test_every_help_has_examples() -> None:
    assert [path for path, lines in help_examples().items() if not lines] == []


@pytest.mark.parametrize("line", [line for lines in help_examples().values() for line in lines])
def test_every_example_parses(line: str) -> None:
    commands = [words for words in simple_commands(line) if words[0] == "sfm2"]
    assert commands
    assert [fault for words in commands for fault in faults(words, known_commands())] == []


def test_version(sfm2: Sfm2) -> None:
    assert sfm2("--version").stdout == f"sfm2, version {package.__version__}\n"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("generat", "No such command 'generat'; did you mean generate?"),
        ("compelte", "No such command 'compelte'; did you mean complete?"),
        ("list", "No such command 'list'; here it is `sfm2 models list`"),
        ("xyzzy", "No such command 'xyzzy'."),
    ],
)
def test_an_unknown_command(sfm2: Sfm2, typed: str, told: str) -> None:
    result = sfm2(typed, "x")
    assert (result.returncode, result.stderr.splitlines()[-1]) == (2, f"Error: {told}")


def test_what_other_programs_call_differently_exists_here() -> None:
    known = known_commands()
    for place in ELSEWHERE.values():
        assert f"sfm2 {place}" in known or any(place in parameter.opts for parameter in main.params)


def test_help_as_a_word(sfm2: Sfm2) -> None:
    assert sfm2("help").stdout == sfm2("--help").stdout
    assert sfm2("help", "models", "pull").stdout == sfm2("models", "pull", "--help").stdout


@pytest.mark.parametrize("columns", [40, 80])
def test_help_fits_the_terminal(environment: dict[str, str], columns: int) -> None:
    with on_terminal([*SFM2, "generate", "--help"], environment, columns=columns) as terminal:
        code, seen = terminal.end()
    told, _, typed = seen.replace("\r", "").partition("Examples:")
    assert (code, bool(typed)) == (0, True)
    assert [line for line in told.splitlines() if len(line) > columns] == []


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_message_is_broken_between_words(environment: dict[str, str], columns: str) -> None:
    command = [*SFM2, "generate", "x", "--api-url", "http://127.0.0.1:9"]
    with on_terminal(command, environment, columns=int(columns)) as terminal:
        seen = plain(terminal.end()[1]).replace("\r", "")
    told = seen[seen.index("error:") :]
    assert "error: cannot reach http://127.0.0.1:9" in " ".join(told.split())
    assert all(len(line) <= int(columns) for line in told.splitlines())


def test_a_missing_extra_is_named(environment: dict[str, str]) -> None:
    code = (
        "import importlib.util as u, sys; from sfm2.cli import main; find = u.find_spec; "
        "u.find_spec = lambda name, *rest: None if name == 'openvino_genai' else find(name, *rest); "
        "main(['generate', 'x'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"SFM2_FALLBACK_CHAIN": "sfm2"},
        capture_output=True,
        text=True,
        timeout=WAIT,
    )
    assert result.returncode == 3
    assert "running the model without a server needs an extra" in result.stderr
    assert command_for("engine") in result.stderr
    assert "SFM2_API_URL" in result.stderr
