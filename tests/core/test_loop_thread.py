"""The event loop behind the blocking ModelManager."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from sfm2.core.loop_thread import LoopThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread("test")
    yield thread
    thread.close()


def test_results_and_errors_come_out(loop: LoopThread) -> None:
    async def answer(value: int) -> int:
        await asyncio.sleep(0)
        if value < 0:
            raise ValueError("negative")
        return value

    assert loop.run(answer(3)) == 3
    with pytest.raises(ValueError, match="negative"):
        loop.run(answer(-1))


def test_ctrl_c_waits_until_the_work_has_ended(loop: LoopThread) -> None:
    ended = []

    async def work() -> None:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            for _ in range(100):
                await asyncio.sleep(0)
            ended.append(True)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run(work())
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [True]


def test_an_interrupt_at_any_point_neither_hangs_nor_leaves_work_behind() -> None:
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.core.interrupting"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100  # the last one was past the end
