"""A call that may block longer than its own timeouts say, such as one that looks up a host's name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TypeVar

from sfm2.models.mirrors.failure import MirrorError

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises; `MirrorError` when it takes longer than `seconds`. It is then left to itself."""
    future: Future[T] = Future()
    threading.Thread(target=_settle, args=(future, call), daemon=True).start()
    try:
        return future.result(seconds)
    except FutureTimeoutError as error:
        if future.done():  # the call's own
            raise
        raise MirrorError(f"no answer in {seconds:g} s") from error


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - handed to who waits
        future.set_exception(error)
