"""Keeps answers for a while: the same request to the same server gets the same answer."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from sfm2.client._requests import Call
from sfm2.completer import Answer
from sfm2.types import Batch


class Cache:
    """Holds at most `size` answers, each for `ttl` seconds; the least recently used one is dropped first. Thread-safe."""

    def __init__(self, ttl: float, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = ttl
        self._size = size
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> Any:
        """The answer for `key`; None when there is none, or it has expired."""
        with self._lock:
            expires, value = self._entries.get(key, (0.0, None))
            if value is None:
                return None
            if expires <= self._clock():
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return value

    def put(self, key: str, value: Any) -> None:
        """Keep an answer from now on."""
        with self._lock:
            self._entries[key] = (self._clock() + self._ttl, value)
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def __len__(self) -> int:
        return len(self._entries)


def key_of(url: str, api_key: str | None, call: Call) -> str:
    """The key of an answer: everything that it depends on."""
    return json.dumps([url, api_key, call.path, call.body], sort_keys=True)


def worth_keeping(answer: Answer) -> bool:
    """Whether to keep an answer: not a batch, not what a fallback gave while the first backend failed, and not what was
    written when the time was over."""
    return not isinstance(answer, Batch) and not answer.fallback and answer.finish_reason != "time"
