"""`sfm2 eval run` on a small git repository, with the echo backend in the model's place."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sfm2.backends.echo import Echo
from sfm2.cli.commands.eval.run import run_command
from sfm2.cli.invocation import Invocation
from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import AuthenticationError, BackendUnavailableError, InvalidRequestError, ModelUnavailableError
from sfm2.evals import asking
from sfm2.evals.results import read
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.server.app import create_app
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from tests.cli.conftest import SFM2, WAIT, isolated
from tests.server.live import live, settings_for

CODE = '''import os


def first(rows):
    """Says which."""
    for row in rows:
        if os.path.exists(row):
            print(row)
            return row
    return None


def echoed(rows):
    total = sum(len(row) for row in rows)
    return total * 2
'''
HUMANEVAL = {
    "task_id": "HumanEval/0",
    "prompt": "one = lambda echo:1",
    "canonical_solution": "1",
    "test": "def check(candidate):\n    assert candidate(0) == 11\n",
    "entry_point": "one",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path / "data")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "package").mkdir(parents=True)
    for name in ("first", "second"):
        (folder / "package" / f"{name}.py").write_text(CODE, encoding="utf-8")
    subprocess.run(["git", "init", "-q", folder], check=True)
    subprocess.run(["git", "-C", folder, "add", "package"], check=True)
    (folder / "untracked.py").write_text(CODE, encoding="utf-8")
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "run.jsonl"


def called(settings: Settings, *arguments: object) -> Result:
    invocation = Invocation(None)
    invocation.settings = settings
    return CliRunner().invoke(run_command, [str(one) for one in arguments], obj=invocation)


def document(shown: Result) -> dict[str, Any]:
    assert shown.exit_code == 0, shown.output
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def rows(table: str) -> dict[str, list[str]]:
    cells = [re.split(r"\s*[│┃]\s*", line)[1:-1] for line in table.splitlines()]
    return {row[0]: row[1:] for row in cells if row}


def test_a_table_says_what_came_of_it(settings: Settings, repository: Path, output: Path) -> None:
    shown = called(settings, "repo", repository, "--limit", 6, "--no-guard", "--output", output)
    assert shown.exit_code == 0
    found = rows(shown.stdout)
    assert found[""] == ["without"]
    assert found["items"] == ["6"]
    empty = sum(record.empty for record in read(output).records)
    assert found["abstain (%)"][0].startswith(f"{100 * empty / 6:.1f} (")
    assert found["guard: off"] == ["6"]
    assert "pass (%)" not in found
    assert "unanswered" not in found
    assert shown.stderr == f"Results are in {output}.\n"
    assert {record.source for record in read(output).records} == {
        "repository/package/first.py",
        "repository/package/second.py",
    }


def test_json_is_figures_alone(settings: Settings, repository: Path, output: Path) -> None:
    shown = called(settings, "repo", repository, "--limit", 4, "--output", output, "--json", "--max-length", 9)
    (run,) = document(shown)["runs"]
    assert (run["items"], run["unanswered"], "pass" in run["figures"]) == (4, 0, False)
    assert run["figures"]["abstain"]["of"] == 4
    assert run["results"] == str(output)
    assert run["header"]["suite"] == "repo"
    assert (run["header"]["settings"]["guard"], run["header"]["settings"]["max_length"]) == (True, 9)
    assert shown.stderr == ""
    assert len(read(output).records) == 4


def test_with_tests_it_says_what_locks_them_in(settings: Settings, tmp_path: Path, output: Path) -> None:
    (tmp_path / "HumanEval.jsonl").write_text(json.dumps(HUMANEVAL), encoding="utf-8")
    shown = called(settings, "humaneval", "--data", tmp_path, "--output", output)
    assert shown.exit_code == 0
    assert re.match(r"sandbox: .*\bpython\n", shown.stderr)
    found = rows(shown.stdout)
    assert found["pass (%)"] == ["100.0 (100.0 to 100.0; n = 1)"]
    assert read(output).records[0].completion == "1"


def test_a_run_goes_on(settings: Settings, repository: Path, output: Path) -> None:
    arguments = ("repo", repository, "--limit", 5, "--output", output)
    first = called(settings, *arguments, "--json")
    whole = output.read_bytes()
    output.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    again = called(settings, *arguments, "--json")
    assert again.stderr == f"2 answers are already in {output} and are not asked for again\n"
    assert len(output.read_bytes().splitlines()) == 6
    for shown in (first, again):
        assert document(shown)["runs"][0]["items"] == 5
    other = called(settings, *arguments, "--seed", 1)
    assert isinstance(other.exception, InvalidRequestError)
    assert "seed was 0, is now 1" in str(other.exception)


def test_a_pair_is_two_files_and_two_columns(settings: Settings, repository: Path, output: Path) -> None:
    shown = called(settings, "repo", repository, "--limit", 4, "--paired", "--output", output)
    assert rows(shown.stdout)[""] == ["with guard", "without"]
    raw = output.with_name("run.raw.jsonl")
    assert rows(shown.stdout)["guard: off"] == ["0", "4"]
    assert shown.stderr == f"Results are in {output} and {raw}.\n"
    assert [read(path).header.settings["guard"] for path in (output, raw)] == [True, False]
    again = called(settings, "repo", repository, "--limit", 4, "--paired", "--output", output, "--json")
    assert [run["results"] for run in document(again)["runs"]] == [str(output), str(raw)]
    assert again.stderr.startswith("8 answers are already in ")


def test_only_the_wanted_kinds_are_asked(settings: Settings, repository: Path, output: Path) -> None:
    called(settings, "repo", repository, "--kind", "line", "--output", output)
    assert {record.kind for record in read(output).records} == {"line"}


def test_a_server_is_asked_with_its_key(settings: Settings, repository: Path, output: Path) -> None:
    _, key = Keys(Store.in_folder(settings.storage.data_dir)).create()
    elsewhere = settings_for(output.parent, fallback={"chain": ["openai"]})  # what is set here is not asked
    arguments = ("repo", repository, "--limit", 3, "--output", output, "--json")
    with live(create_app(settings)) as client:
        refused = called(elsewhere, *arguments, "--url", client.base_url)
        shown = called(elsewhere, *arguments, "--url", client.base_url, "--api-key", key)
    assert isinstance(refused.exception, AuthenticationError)
    assert document(shown)["runs"][0]["header"]["settings"]["backend"] == "echo"
    assert len(read(output).records) == 3


class Broken(Echo):
    """An echo backend that fails after one request about the repository."""

    asked = 0

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        self.asked += "os" in f"{request.prefix}{request.suffix}"
        if self.asked > 1:
            raise BackendUnavailableError("out of order")
        async for chunk in super().stream(request):
            yield chunk


def test_a_run_that_ends_early_says_how_it_goes_on(
    settings: Settings, repository: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_RETRIES", 0)  # seconds of waiting otherwise
    options = ("--limit", 6, "--no-guard", "--concurrency", 1, "--output", output)
    with live(create_app(settings, AsyncModelManager(settings, [Broken()]))) as client:
        shown = called(settings, "repo", repository, "--url", client.base_url, *options)
    assert isinstance(shown.exception, ModelUnavailableError)
    assert f"1 of 6 answers are in {output}; the same command asks for the others" in shown.stderr
    assert f"--output {output}" in shown.stderr
    assert shown.stdout == ""
    assert len(read(output).records) == 4
    with live(create_app(settings)) as client:
        shown = called(settings, "repo", repository, "--url", client.base_url, *options)
    assert shown.stderr.startswith("1 answers are already in ")
    assert "unanswered" not in rows(shown.stdout)
    assert rows(shown.stdout)["items"] == ["6"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["repo", "HERE", "--data", "HERE"], "PATH and --data are the same"),
        (["repo", "HERE", "--no-guard", "--paired"], "--no-guard: --paired asks with the guard and without it"),
        (["mbpp", "HERE", "--kind", "line"], "--kind: the items of mbpp are all of one kind"),
        (["repo", "HERE", "--url", "http://127.0.0.1:9", "--backend", "echo"], "--backend: the server at --url"),
        (["repo", "HERE", "--kind", "poem"], "Invalid value for '--kind'"),
        (["repo", "HERE", "--limit", "0"], "Invalid value for '--limit'"),
        (["repo", "HERE", "--concurrency", "0"], "Invalid value for '--concurrency'"),
        (["repo", "HERE", "--temperature", "3"], "Invalid value for '--temperature'"),
        (["repo", "HERE", "--mode", "verse"], "Invalid value for '--mode'"),
        (["repo", "HERE", "--output", "HERE"], "Invalid value for '--output'"),
        (["repo", "HERE/gone"], "Invalid value for '[PATH]'"),
        (["suites"], "Invalid value for"),
        ([], "Missing argument"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: Settings, tmp_path: Path, arguments: list[str], message: str) -> None:
    shown = called(settings, *(argument.replace("HERE", str(tmp_path)) for argument in arguments))
    assert shown.exit_code == 2
    assert message in " ".join(shown.output.split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["repo"], "repo: a folder must be given"),
        (["repo", "HERE"], "no holes to cut"),
        (["mbpp"], "mbpp: its file must be given as --data"),
        (["humaneval", "HERE"], "no file HumanEval.jsonl* in it"),
    ],
)
def test_where_there_is_nothing_to_ask_it_says_so(
    settings: Settings, tmp_path: Path, arguments: list[str], message: str
) -> None:
    shown = called(settings, *(argument.replace("HERE", str(tmp_path)) for argument in arguments))
    assert isinstance(shown.exception, InvalidRequestError)
    assert message in str(shown.exception)


def test_as_a_process(repository: Path, tmp_path: Path) -> None:
    arguments = ["eval", "run", "repo", "repository", "--limit", "3", "--backend", "echo"]
    environment = isolated(tmp_path) | {"SFM2_FALLBACK_CHAIN": "openai"}
    ran = subprocess.run(
        [*SFM2, *arguments], env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=WAIT
    )
    assert ran.returncode == 0, ran.stderr
    (path,) = tmp_path.glob("eval-repo-*.jsonl")
    assert ran.stderr == f"Results are in {path.name}.\n"
    assert rows(ran.stdout)["items"] == ["3"]
    again = [*arguments, "--output", path.name, "--seed", "1"]
    refused = subprocess.run(
        [*SFM2, *again], env=environment, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=WAIT
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"error: {path.name} has the results of another run: ")
