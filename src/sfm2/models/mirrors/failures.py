"""How a mirror fails: the error it raises, and a time limit for calls that may block longer than their own timeouts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

T = TypeVar("T")


class MirrorError(Exception):
    """This mirror failed in a way that another mirror may not. The message is shown to the user."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """Run `call` in a thread and return its result, or raise what it raises.

    Raises MirrorError when `call` takes longer than `seconds`. The thread is then abandoned, not stopped: a host name
    lookup, for example, cannot be interrupted.
    """
    future: Future[T] = Future()
    threading.Thread(target=_settle, args=(future, call), daemon=True).start()
    try:
        return future.result(seconds)
    except FutureTimeoutError as error:
        if future.done():  # `call` itself raised it
            raise
        raise MirrorError(f"no answer in {seconds:g} s") from error


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
        future.set_exception(error)
