"""The public suites, from their own files: all of their tasks are there, and their own solutions pass in the sandbox."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sfm2.errors import APIConnectionError, InvalidRequestError
from sfm2.evals.items import Item
from sfm2.evals.sandbox import Program, Sandbox
from sfm2.evals.suites import registry
from sfm2.evals.suites.task_files import Published, fetched, find, spread, tasks

DATA = Path(os.environ.get("SFM2_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
PLACES = {
    "humaneval": None,  # in the package
    "humaneval-bodies": None,
    "infilling-single-line": DATA / "humaneval-infilling",
    "infilling-random-span": DATA / "humaneval-infilling",
    "mbpp": DATA / "mbpp",
}
COUNTS = dict.fromkeys(PLACES, 164) | {"infilling-single-line": 1033, "mbpp": 474}
SOURCES = COUNTS | {"infilling-single-line": 164}
TASK = {
    "task_id": "HumanEval/0",
    "prompt": "def one():\n",
    "suffix": "",
    "canonical_solution": "    return 1\n",
    "test": "def check(candidate):\n    assert candidate() == 1\n",
    "entry_point": "one",
}
MBPP_TASK = {
    "task_id": 1,
    "text": "Write one.",
    "code": "def one():\n  return 1",
    "test_list": ["assert one() == 1"],
    "test_setup_code": "",
}


def load(suite: str, limit: int | None = None) -> list[Item]:
    return registry.load(suite, PLACES[suite], limit)


def passes(items: Sequence[Item], completion: Callable[[Item], str]) -> list[bool]:
    async def run() -> list[bool]:
        sandbox = Sandbox()
        programs = [
            Program(item.prefix + completion(item) + item.suffix, item.test or "", item.entry_point) for item in items
        ]
        return [found.passed for found in await asyncio.gather(*map(sandbox.run, programs))]

    return asyncio.run(run())


def expected(item: Item) -> str:
    assert item.expected is not None
    return item.expected


def nothing(item: Item) -> str:
    return ""


def written(path: Path, *found: dict[str, Any], packed: bool = False) -> Path:
    text = "".join(json.dumps(task, ensure_ascii=False) + "\n" for task in found).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    return path


@pytest.mark.parametrize("suite", PLACES)
def test_all_tasks_are_there(suite: str) -> None:
    items = load(suite)
    assert len(items) == len({item.id for item in items}) == COUNTS[suite]
    assert len({item.source for item in items}) == SOURCES[suite]
    assert all(item.test and item.entry_point and item.language == "python" for item in items)


@pytest.mark.parametrize("suite", PLACES)
def test_a_limit_spreads_evenly_and_always_alike(suite: str) -> None:
    everything, some = load(suite), load(suite, 7)
    assert some == load(suite, 7)
    places = [everything.index(item) for item in some]
    gaps = [later - earlier for earlier, later in pairwise(places)]
    assert places[0] == 0
    assert max(gaps) - min(gaps) <= 1
    assert len(everything) - places[-1] <= max(gaps) + 1
    assert load(suite, 10_000) == everything


@pytest.mark.parametrize("suite", ["humaneval", "humaneval-bodies", "infilling-single-line", "infilling-random-span"])
def test_the_canonical_solutions_pass_and_empty_ones_do_not(suite: str) -> None:
    items = load(suite, 5)
    assert passes(items, expected) == [True] * 5
    assert passes(items[1:4], nothing) == [False] * 3


def test_reference_solutions_of_mbpp_pass_and_empty_ones_do_not() -> None:
    codes = {f"MBPP/{task['task_id']}": task["code"] for task in tasks(find(DATA / "mbpp", "mbpp*"), ("code",))}
    items = load("mbpp", 6)
    assert passes(items, lambda item: f"    pass\n\n{codes[item.id]}\n") == [True] * 6
    assert passes(items[:2], lambda item: "    pass\n") == [False] * 2


def test_every_prompt_of_mbpp_begins_the_function_that_is_tested() -> None:
    for item in load("mbpp"):
        names: dict[str, Any] = {}
        exec(compile(item.prefix, item.id, "exec", dont_inherit=True), names)
        assert callable(names[str(item.entry_point)])
        assert names[str(item.entry_point)].__doc__
        assert f"{item.entry_point}(" in str(item.test)


def test_humaneval_is_asked_as_a_prompt_and_infilling_as_a_hole() -> None:
    (whole,), (body,), (line,), (span,) = (load(suite, 1) for suite in list(PLACES)[:4])
    assert (whole.as_prompt, whole.mode, whole.kind, whole.suffix) == (True, "function", "definition", "")
    assert (line.as_prompt, line.mode, line.kind, span.kind) == (False, None, "line", "span")
    assert (body.as_prompt, body.mode, body.kind) == (False, "block", "block")
    assert "def separate_paren_groups(" in body.suffix
    assert line.suffix
    assert line.source == span.source == whole.source == "HumanEval/0"
    assert line.prefix.startswith(whole.prefix)


@pytest.mark.parametrize("suite", ["infilling-single-line", "infilling-random-span"])
def test_the_tasks_of_infilling_are_cut_from_whole_solutions(suite: str) -> None:
    whole = {item.id: item.prefix + expected(item) for item in load("humaneval")}
    for item in load(suite, 40):
        assert (item.prefix + expected(item) + item.suffix).split() == whole[item.source].split()


def test_mbpp_wants_its_file() -> None:
    with pytest.raises(InvalidRequestError, match="mbpp: its file must be given as --data"):
        registry.load("mbpp", None, None)


def test_a_file_is_taken_itself_or_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    path = written(tmp_path / "inner" / "HumanEval.jsonl", TASK)
    packed = written(tmp_path / "packed.gz", TASK, packed=True)
    for place in (path, tmp_path, tmp_path / "inner", packed):
        (item,) = registry.load("humaneval", place, None)
        assert (item.id, item.prefix) == ("HumanEval/0", "def one():\n")
    assert passes([item], expected) == [True]


def test_a_folder_without_it_says_what_was_looked_for(tmp_path: Path) -> None:
    for suite, name in (
        ("humaneval", "HumanEval.jsonl"),
        ("mbpp", "mbpp"),
        ("infilling-random-span", "HumanEval-RandomSpanInfillingLight.jsonl"),
    ):
        with pytest.raises(InvalidRequestError) as raised:
            registry.load(suite, tmp_path, None)
        assert str(tmp_path) in str(raised.value)
        assert name in str(raised.value)


BROKEN = {
    "not JSON": (b'{"task_id": "a"}\n\nnonsense\n', "line 1: the task has no prompt"),
    "half": (json.dumps(TASK).encode() + b"\n\n" + json.dumps(TASK).encode()[:40], "line 3: not JSON"),
    "no object": (b"[1]\n", "line 1: the task has no task_id, prompt"),
    "not text": (json.dumps(TASK).encode() + b"\n\xff\xfe\n", "line 2: not JSON"),
    "empty": (b"\n\n", "no tasks in it"),
}


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "HumanEval.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidRequestError) as raised:
        registry.load("humaneval", path, None)
    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)


@pytest.mark.parametrize("damage", ["cut off", "overwritten", "not packed"])
def test_a_broken_archive_is_named(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress(json.dumps(TASK).encode() * 50)
    overwritten = whole[:12] + bytes(18) + whole[30:]
    path = tmp_path / "HumanEval.jsonl.gz"
    path.write_bytes({"cut off": whole[:40], "overwritten": overwritten, "not packed": b"{}\n"}[damage])
    with pytest.raises(InvalidRequestError, match=r"HumanEval\.jsonl\.gz: cannot be read"):
        registry.load("humaneval", tmp_path, None)


def test_the_file_of_another_suite_says_so(tmp_path: Path) -> None:
    path = written(tmp_path / "mbpp.jsonl", TASK)
    with pytest.raises(InvalidRequestError, match="line 1: the task has no text, code") as raised:
        registry.load("mbpp", path, None)
    assert raised.value.suggestion == "Is it the file of another suite?"


def test_line_separators_within_a_text_end_no_task(tmp_path: Path) -> None:
    odd = TASK | {"prompt": "# \u2028 \x85\ndef one():\n"}
    (item,) = registry.load("humaneval", written(tmp_path / "odd.jsonl", odd), None)
    assert item.prefix == odd["prompt"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"code": "def one(:"}, r"MBPP/1: does not parse: 'def one\(:'"),
        ({"test_list": ["assert one( == 1"]}, "MBPP/1: does not parse"),
        ({"test_list": ["assert two() == 1"]}, "MBPP/1: its tests call no function of its solution"),
    ],
)
def test_a_task_of_mbpp_that_makes_no_sense_is_named(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        registry.load("mbpp", written(tmp_path / "mbpp.jsonl", MBPP_TASK | wrong), None)


def test_a_docstring_of_mbpp_holds_whatever_the_sentence_says(tmp_path: Path) -> None:
    for text in ('Say """one""".', "Write a \\d pattern.", 'It is "one"', "Ends in \\"):
        (item,) = registry.load("mbpp", written(tmp_path / "mbpp.jsonl", MBPP_TASK | {"text": text}), None)
        names: dict[str, Any] = {}
        exec(item.prefix, names)
        assert names["one"].__doc__ == text


def test_spread() -> None:
    assert spread("abcdefghij", 3) == ["a", "d", "g"]
    assert spread("abc", None) == spread("abc", 5) == ["a", "b", "c"]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The folder's files over HTTP."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def test_a_published_file_is_fetched_once_and_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    (tmp_path / "theirs").mkdir()
    content = written(tmp_path / "theirs" / "some.jsonl", TASK).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with serving(tmp_path / "theirs") as url:
        published = Published("some.jsonl", f"{url}some.jsonl", digest)
        path = fetched(published, tmp_path / "ours")
        assert path.read_bytes() == content
        path.write_bytes(b"half of it")
        assert fetched(published, tmp_path / "ours").read_bytes() == content
        with pytest.raises(APIConnectionError, match="is not the expected file"):
            fetched(published._replace(sha256="00" * 32), tmp_path / "others")
        with pytest.raises(APIConnectionError, match=r"cannot download gone\.jsonl"):
            fetched(Published("gone.jsonl", f"{url}gone.jsonl", digest), tmp_path / "ours")
    assert not (tmp_path / "others").exists()
    assert [one.name for one in (tmp_path / "ours").iterdir()] == ["some.jsonl"]
    assert fetched(published, tmp_path / "ours") == path
    with pytest.raises(APIConnectionError, match="cannot download") as raised:
        fetched(published, tmp_path / "elsewhere")
    assert published.url in str(raised.value.suggestion)
