"""Asks every item of a suite, in one way or in several, and writes down what came of it.

A question that failed has a record with its error, and is asked again when the run is started again. The run ends with an
error when a service is gone: it cannot be reached, wants a key, or fails three times in a row.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sfm2 import __version__
from sfm2.completer import AsyncCompleter
from sfm2.errors import (
    APITimeoutError,
    InvalidRequestError,
    ModelUnavailableError,
    ServerError,
    SFM2Error,
    StreamInterruptedError,
)
from sfm2.evals.asking import WARM_UP, Asking, request_for
from sfm2.evals.grading import graded, unanswered
from sfm2.evals.items import Item, Record
from sfm2.evals.results import Header, ResultsFile
from sfm2.evals.sandbox import Sandbox
from sfm2.types import Completion

_FAILURES = 3  # in a row: then it is not the question
_OF_THE_SERVICE = (ModelUnavailableError, ServerError, APITimeoutError, StreamInterruptedError)


@dataclass(frozen=True)
class Arm:
    """One way to ask, and where its answers go."""

    asking: Asking
    file: ResultsFile

    def has(self, item: Item) -> bool:
        record = self.file.records.get(item.id)
        return record is not None and record.answered


async def warm_up(completer: AsyncCompleter, asking: Asking) -> Completion:
    """Loads what needs loading, outside of what is measured."""
    return await completer.submit(WARM_UP.model_copy(update={"adapter": asking.adapter}))


def header(suite: str, items: Sequence[Item], asking: Asking, first: Completion, at_once: int) -> Header:
    """What must be the same for a run to go on. `first`: an answer of the model that is measured."""
    settings: dict[str, Any] = {
        **asdict(asking),
        "items": len(items),
        "items_sha256": _digest(items),
        "backend": first.model_used,
        "concurrency": at_once,
    }
    return Header(suite, settings, first.weights, __version__, datetime.now(UTC).isoformat(timespec="seconds"))


def missing(items: Sequence[Item], arms: Sequence[Arm]) -> int:
    """How many answers are not there yet."""
    return sum(not arm.has(item) for item in items for arm in arms)


class Run:
    """`answered` is called after each answer. The arms of an item are asked one after the other, in turning order, so
    that none has the other's warm caches all the time."""

    def __init__(self, completer: AsyncCompleter, sandbox: Sandbox, answered: Callable[[Record], None]) -> None:
        self._completer = completer
        self._sandbox = sandbox
        self._answered = answered
        self._failures = 0

    async def ask_all(self, items: Sequence[Item], arms: Sequence[Arm], at_once: int) -> None:
        """Raises the service's error when that is gone. What was answered until then is in the files."""
        turns = iter([(item, arms if index % 2 == 0 else arms[::-1]) for index, item in enumerate(items)])

        async def worker() -> None:
            for item, order in turns:
                for arm in order:
                    if not arm.has(item):
                        await self._ask(item, arm)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(worker())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _ask(self, item: Item, arm: Arm) -> None:
        started = time.perf_counter()
        try:
            answer = await self._completer.submit(request_for(item, arm.asking))
        except (InvalidRequestError, *_OF_THE_SERVICE) as error:
            record = unanswered(item, error, time.perf_counter() - started)
            arm.file.append(record)
            self._note(error)
        else:
            self._failures = 0
            record = await graded(item, answer, time.perf_counter() - started, self._sandbox)
            arm.file.append(record)
        self._answered(record)

    def _note(self, error: SFM2Error) -> None:
        if isinstance(error, _OF_THE_SERVICE):
            self._failures += 1
        if self._failures >= _FAILURES:
            raise error


def _digest(items: Sequence[Item]) -> str:
    """Of all that is asked and tested."""
    return hashlib.sha256(json.dumps([asdict(item) for item in items]).encode()).hexdigest()
