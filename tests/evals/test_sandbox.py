"""Generated code in the sandbox: correct code passes, nothing else does, and no process is left running."""

from __future__ import annotations

import asyncio
import sys
import time

import psutil
import pytest

from sfm2.evals import sandbox_child
from sfm2.evals.sandbox import AT_ONCE, Limits, Program, Sandbox
from sfm2.testing import until_async
from tests.evals.sandbox_processes import RIGHT, TEST, WAIT, children, outcome


async def begun(count: int) -> list[psutil.Process]:
    def enough() -> list[psutil.Process]:
        return found if len(found := children()) >= count else []

    return await until_async(enough, WAIT, lambda: f"{count} sandboxes; {len(children())} began")


def test_a_right_solution_passes() -> None:
    found = outcome(RIGHT)
    assert (found.passed, found.error) == (True, None)
    assert 0 < found.seconds < WAIT


def test_a_wrong_one_fails_and_says_why() -> None:
    found = outcome("def one():\n    return 2\n", "assert one() == 1, 'expected 1'\n")
    assert (found.passed, found.error) == (False, "AssertionError: expected 1")


@pytest.mark.parametrize(
    ("solution", "error"),
    [
        ("", "NameError: name 'one' is not defined"),
        ("def one(:\n", "SyntaxError: "),
        ("raise ValueError('too bad')", "ValueError: too bad"),
        ("def one():\n    return one()\n", "RecursionError: "),
        ("class Odd(Exception):\n    def __str__(self):\n        1 / 0\nraise Odd", "Odd"),
        ("import sys\nsys.exit(0)", "SystemExit: 0"),
        ("import os\nos._exit(0)", "ended with exit status 0 before its tests were finished"),
        ("import os\nos._exit(3)", "ended with exit status 3 before its tests were finished"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def one():\n    raise SystemExit\n", "SystemExit"),
        ("def one():\n    print('passed')\n", "AssertionError"),
        ("def one(rows: List[int] = ()):\n    return 1\n", "NameError: name 'List' is not defined"),
        ("import os, signal\nsignal.setitimer(signal.ITIMER_REAL, 0.001)\nsignal.pause()", "ended by SIGALRM"),
        ("raise ValueError('x' * 10_000)", "ValueError: xxx"),
        ("raise ValueError('\\ud800')", "ValueError: ?"),
    ],
)
def test_what_does_not_pass_says_why(solution: str, error: str) -> None:
    found = outcome(solution)
    assert not found.passed
    assert found.error is not None
    assert found.error.startswith(error)
    assert len(found.error) <= 300
    assert found.error.isprintable()


@pytest.mark.parametrize(
    "solution",
    [
        "import builtins\nbuiltins.AssertionError = None\ndef one():\n    return 2\n",
        "AssertionError = type('Quiet', (), {})\ndef one():\n    return 2\n",
        "def check(candidate):\n    pass\ndef one():\n    return 2\n",
        "import builtins\nbuiltins.abs = lambda number: 0\ndef abs(number):\n    return 0\ndef one():\n    return 2\n",
        "import builtins\nbuiltins.exec = builtins.compile = print\ndef one():\n    return 2\n",
        "import sys\nsys.excepthook = print\ndef one():\n    return 2\n",
        "import atexit, os\natexit.register(os._exit, 0)\ndef one():\n    return 2\n",
        "import json, hashlib\nhashlib.sha256 = json.dumps = print\ndef one():\n    return 2\n",
    ],
    ids=["no errors", "own error", "own check", "built-in", "exec", "excepthook", "atexit", "library"],
)
def test_replacing_the_judge_proves_nothing(solution: str) -> None:
    test = "def check(candidate):\n    assert abs(candidate() - 1) < 1e-6\ncheck(one)\n"
    assert not outcome(solution, test).passed
    assert outcome(RIGHT, test).passed


def test_only_the_entry_point_may_be_named_as_a_builtin() -> None:
    own = "def sum(numbers):\n    return 7\n"
    assert outcome(own, "assert sum([1]) == 7\n", entry_point="sum").passed
    assert outcome(own, "assert sum([1]) == 1\n", entry_point="other").passed


@pytest.mark.parametrize(
    "solution",
    [
        "while True: pass",
        "import time\ntime.sleep(60)",
        "def one():\n    try:\n        while True: pass\n    except BaseException:\n        return 1\n",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nsignal.pause()",
        "input_ = open(0).read()\nimport sys\nwhile True: print('x' * 1000); sys.stdout.flush()",
    ],
    ids=["loop", "sleep", "catches all", "ignores signals", "prints"],
)
def test_who_takes_too_long_is_killed(solution: str) -> None:
    started = time.monotonic()
    found = outcome(solution, limits=Limits(seconds=0.5))
    assert not found.passed
    assert found.error in ("not finished within 0.5 s", "ended by SIGXCPU", "ended by SIGKILL")
    assert time.monotonic() - started < WAIT / 2
    assert children() == []


def test_memory_is_limited() -> None:
    eater = "def one():\n    return len(bytearray(300_000_000)) // 300_000_000\n"
    few, many = outcome(eater, limits=Limits(memory=200_000_000)), outcome(eater, limits=Limits(memory=1 << 30))
    assert many.passed
    if "limits" in few.in_force:
        assert (few.passed, few.error) == (False, "MemoryError")
    else:
        assert sys.platform == "darwin"  # the only system known to refuse


def test_files_are_limited() -> None:
    writer = "def one():\n    with open('big', 'wb') as file:\n        file.write(bytes(2_000_000))\n    return 1\n"
    assert outcome(writer).passed
    assert not outcome(writer, limits=Limits(files=1_000_000)).passed


NONCE = """
import os
def one():
    for descriptor in range(3, 64):
        try:
            os.set_blocking(descriptor, False)
            found = os.read(descriptor, 4096)
        except OSError:
            continue
        for other in range(3, 64):
            try:
                os.write(other, b'{"proof": "%s", "error": "took %d"}\\n' % (found.hex().encode(), len(found)))
            except OSError:
                pass
    return 1
"""


def test_reading_the_pipe_for_the_nonce_proves_nothing() -> None:
    """The digest includes the ticket, and a program that reads the nonce leaves none for the proof."""
    found = outcome(NONCE)
    assert (found.passed, found.error) == (False, f"took {sandbox_child.NONCE}")


def test_standard_streams_are_connected_to_nothing() -> None:
    talker = "import os, sys\nos.write(1, b'{}\\n{}\\n')\nos.write(2, b'!')\nread = sys.stdin.read()\n" + RIGHT
    assert outcome(talker, "assert read == ''\nassert one() == 1\n").passed


@pytest.mark.parametrize(
    ("solution", "test"),
    [
        (
            "from dataclasses import dataclass, field\n@dataclass(order=True)\nclass Point:\n    x: int\n"
            "    rest: list[int] = field(default_factory=list)\n",
            "assert Point(1) < Point(2)\nassert Point(1).rest == []\n",
        ),
        (
            "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import ClassVar\n"
            "@dataclass\nclass Point:\n    count: ClassVar[int] = 0\n    x: int = 1\n",
            "assert Point() == Point(1)\n",
        ),
        (
            "from enum import Enum\nfrom typing import NamedTuple\nclass Hue(Enum):\n    RED = 1\n"
            "class Pair(NamedTuple):\n    a: int\n",
            "assert Hue(1) is Hue.RED\nassert Pair(1).a == 1\n",
        ),
        (
            "import tempfile\ndef one():\n    with tempfile.TemporaryFile() as file:\n        return file.write(b'x')\n",
            TEST,
        ),
        ("import math, re, itertools, collections, heapq, random, datetime, decimal\n" + RIGHT, TEST),
        ("__name__ == '__main__' and 1 / 0\n" + RIGHT, TEST),
    ],
    ids=["dataclass", "annotations", "enum", "temporary file", "library", "main"],
)
def test_honest_programs_work(solution: str, test: str) -> None:
    found = outcome(solution, test)
    assert (found.passed, found.error) == (True, None)


def test_who_no_longer_waits_leaves_no_process_behind() -> None:
    async def cancelled() -> list[psutil.Process]:
        waiting = asyncio.create_task(Sandbox(Limits(seconds=60)).run(Program("while True: pass", TEST)))
        running = await begun(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return running

    (child,) = asyncio.run(cancelled())
    assert not child.is_running()
    assert children() == []


def test_two_run_at_once_and_no_more() -> None:
    async def most() -> int:
        sandbox, most = Sandbox(), 0
        program = Program("import time\ntime.sleep(0.3)\n" + RIGHT, TEST)
        running = asyncio.gather(*[sandbox.run(program) for _ in range(4)])
        while not running.done():
            most = max(most, len(children()))
            await asyncio.sleep(0.01)
        assert all(found.passed for found in await running)
        return most

    assert asyncio.run(most()) == AT_ONCE == 2


def test_check_says_what_is_in_force() -> None:
    in_force = asyncio.run(Sandbox().check())
    assert in_force[-1] == "python"
    assert set(in_force) <= {"limits", "network", "files", "system calls", "python"}
    assert in_force == outcome(RIGHT).in_force
