"""Results files that a run resumes, and those that it refuses."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from sfm2.config import Settings
from sfm2.core import AsyncModelManager
from sfm2.errors import InvalidRequestError
from sfm2.evals.asking import Asking, alone, in_process
from sfm2.evals.items import Item
from sfm2.evals.results import ResultsFile, RunHeader
from sfm2.types import CompleteRequest, GenerateRequest
from tests.evals.echo_runs import ITEMS, PROMPT, WRONG, FailingEcho, RecordingCompleter, asked, records, run
from tests.server.live import settings_for


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "results" / "run.jsonl"


def test_a_second_run_asks_nothing_again(settings: Settings, output: Path) -> None:
    assert len(asked(in_process(alone(settings)), ITEMS, output)) == 4
    before = output.read_bytes()
    assert asked(in_process(alone(settings)), ITEMS, output) == []
    assert output.read_bytes() == before


def test_a_half_written_last_line_is_asked_again(settings: Settings, output: Path) -> None:
    asked(in_process(alone(settings)), ITEMS, output)
    whole = output.read_bytes()
    output.write_bytes(whole[:-40])
    (again,) = asked(in_process(alone(settings)), ITEMS, output)
    assert isinstance(again, GenerateRequest)
    lines = output.read_bytes().splitlines()
    assert lines[:-1] == whole.splitlines()[:-1]
    assert json.loads(lines[-1])["id"] == "prompt"


def test_a_last_line_that_only_lacks_its_end_counts(settings: Settings, output: Path) -> None:
    asked(in_process(alone(settings)), ITEMS[:2], output)
    whole = output.read_bytes()
    output.write_bytes(whole[:-1])
    assert asked(in_process(alone(settings)), ITEMS[:2], output) == []
    assert output.read_bytes() == whole


def test_what_failed_is_no_abstention_and_is_asked_again(settings: Settings, output: Path) -> None:
    async def both_runs() -> None:
        backend = FailingEcho("lambda echo:2")
        async with AsyncModelManager(settings, [backend], patient=True) as manager:
            await run(manager, ITEMS, [output])
            failed = records(output)["wrong"]
            assert (failed.answered, failed.passed, failed.empty) == (False, False, False)
            assert "out of order" in str(failed.error)
            backend.broken = ()
            noting = RecordingCompleter(manager)
            await run(noting, ITEMS, [output])
            assert [request.prefix for request in noting.asked[1:] if isinstance(request, CompleteRequest)] == [
                WRONG.prefix
            ]

    asyncio.run(both_runs())
    found = records(output)
    assert len(found) == 4
    assert (found["wrong"].answered, found["wrong"].completion) == (True, "2")
    assert len(output.read_bytes().splitlines()) == 6  # the failure's line stays


def test_a_pair_goes_on_with_what_each_lacks(settings: Settings, tmp_path: Path) -> None:
    on, off = tmp_path / "run.jsonl", tmp_path / "run.raw.jsonl"
    pair = [Asking(guard=True), Asking(guard=False)]
    asked(in_process(alone(settings)), ITEMS, on, off, askings=pair)
    for path, kept in ((on, 2), (off, 4)):
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: 1 + kept]))
    requests = asked(in_process(alone(settings)), ITEMS, on, off, askings=pair)
    assert [request.guard for request in requests] == [True, True]


@pytest.mark.parametrize(
    ("items", "how", "message"),
    [
        (ITEMS, Asking(temperature=0.5), "temperature was 0.0, is now 0.5"),
        (ITEMS, Asking(guard=False), "guard was true, is now false"),
        (ITEMS, Asking(seed=1), "seed was 0, is now 1"),
        (ITEMS[:3], Asking(), "items was 4, is now 3"),
        ([*ITEMS[:3], replace(PROMPT, expected="4")], Asking(), "items_sha256 "),
    ],
)
def test_the_file_of_another_run_is_refused(
    settings: Settings, output: Path, items: list[Item], how: Asking, message: str
) -> None:
    asked(in_process(alone(settings)), ITEMS, output)
    before = output.read_bytes()
    with pytest.raises(InvalidRequestError) as raised:
        asked(in_process(alone(settings)), items, output, askings=[how])
    assert str(raised.value).startswith(f"{output} has the results of another run: ")
    assert message in str(raised.value)
    assert output.read_bytes() == before


HEAD = RunHeader("made", {}, None, "0", "2026-01-02T03:04:05+00:00")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("print(1)\n", "line 1: not a results file"),
        ('{"suite": "made"}\n', "line 1: not a results file: settings: Field required"),
        ("half a header", "no results in it"),
    ],
)
def test_a_file_of_something_else_is_not_written_to(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "precious.py"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=message):
        ResultsFile(path, HEAD)
    assert path.read_text(encoding="utf-8") == content


def test_two_runs_do_not_write_to_one_file(output: Path) -> None:
    with ResultsFile(output, HEAD), pytest.raises(InvalidRequestError, match="another run is writing to it"):
        ResultsFile(output, HEAD)
    with ResultsFile(output, HEAD) as after:
        assert after.records == {}
