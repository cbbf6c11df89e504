"""The event loop behind the blocking ModelManager."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import count
from types import FrameType
from typing import Any

import pytest

from sfm2.core.loop_thread import LoopThread

_INTERRUPTED = ("sfm2", "asyncio", "concurrent", "threading")  # not what the garbage collector may call in between


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


@pytest.fixture
def no_collection() -> Iterator[None]:
    """A finalizer of what other tests left must not run in between: it would get the interrupt, and swallow it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_an_interrupt_at_any_point_neither_hangs_nor_leaves_work_behind(no_collection: None) -> None:
    loop = LoopThread("interrupted")
    instruction = 1
    while _interrupted_at(instruction, loop):
        instruction += 1
    assert instruction > 100  # the last one was past the end
    loop.close()  # not in a fixture: of a loop that hangs it would hang, too


def _interrupted_at(instruction: int, loop: LoopThread) -> bool:
    """Whether a KeyboardInterrupt at that bytecode instruction of `run` came before its end."""
    began, ended, outcomes = [], [], []

    async def work() -> None:
        began.append(True)
        try:
            await asyncio.sleep(0.1)
        finally:
            ended.append(True)

    def caller() -> None:
        executed = count(1)

        def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
            if frame.f_globals["__name__"].partition(".")[0] not in _INTERRUPTED:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode" and next(executed) == instruction:
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        coroutine = work()
        sys.settrace(trace)
        try:
            loop.run(coroutine)
            outcomes.append("done")
        except KeyboardInterrupt:
            outcomes.append("interrupted")
        finally:
            sys.settrace(None)
            coroutine.close()

    thread = threading.Thread(target=caller, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive(), f"hangs when interrupted at instruction {instruction}"
    assert began == ended
    return outcomes == ["interrupted"]
