"""Interrupts the blocking ModelManager at every bytecode instruction; `test_loop_thread` runs it in a process of its own.

Tracing every instruction of asyncio may take the interpreter along, and must not take other tests along.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

from sfm2.core.loop_thread import LoopThread

_INTERRUPTED = ("sfm2", "asyncio", "concurrent", "threading")  # not what the garbage collector may call in between


def main() -> None:
    """Prints the number of instructions; fails if a wait hangs, or its work outlives it."""
    gc.disable()  # a finalizer would get the interrupt, and swallow it
    loop = LoopThread("interrupted")
    instruction = 1
    while _interrupted_at(instruction, loop):
        instruction += 1
    loop.close()
    print(instruction)


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


if __name__ == "__main__":
    main()
