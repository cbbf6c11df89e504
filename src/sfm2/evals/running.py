"""Running a suite: every item is sent to a service, with one set of settings or several, and the results are recorded.

An item that failed is recorded with its error, and is sent again when the run is resumed. The run ends with an error when
the service can't be reached, requires a key, or fails three times in a row.
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
from sfm2.evals.answering import answer
from sfm2.evals.asking import WARM_UP, Asking
from sfm2.evals.contexts import TreeIndexes
from sfm2.evals.grading import graded, unanswered
from sfm2.evals.items import Item, Record
from sfm2.evals.results import ResultsFile, RunHeader
from sfm2.evals.sandbox import Sandbox
from sfm2.types import Completion

_FAILURES = 3  # in a row: then the item is not the cause
_OF_THE_SERVICE = (ModelUnavailableError, ServerError, APITimeoutError, StreamInterruptedError)


@dataclass(frozen=True)
class Arm:
    """One of the sets of settings that a run compares, and the file of its results."""

    asking: Asking
    file: ResultsFile

    def has(self, item: Item) -> bool:
        """Whether the item has been completed with these settings."""
        record = self.file.records.get(item.id)
        return record is not None and record.answered


async def warm_up(completer: AsyncCompleter, asking: Asking) -> Completion:
    """Send one request, so that loading is not measured. Its completion says which weights the service has."""
    return await completer.submit(WARM_UP.model_copy(update={"adapter": asking.adapter}))


def header(suite: str, items: Sequence[Item], asking: Asking, first: Completion, at_once: int) -> RunHeader:
    """The header of a results file: what must be the same for a run to be resumed.

    `first` is a completion by the model that is measured, `at_once` the number of concurrent requests.
    """
    settings: dict[str, Any] = {
        **asdict(asking),
        "context": str(asking.context),
        "items": len(items),
        "items_sha256": _digest(items),
        "backend": first.model_used,
        "concurrency": at_once,
    }
    return RunHeader(suite, settings, first.weights, __version__, datetime.now(UTC).isoformat(timespec="seconds"))


def missing(items: Sequence[Item], arms: Sequence[Arm]) -> int:
    """The number of completions that are still to be made, over all arms."""
    return sum(not arm.has(item) for item in items for arm in arms)


class EvalRun:
    """Sends items and records their completions; `answered` is called with each record. `trees`: what items are shown of
    their repository.

    The arms of an item are sent one after another, in alternating order, so that no arm always profits from caches that
    another one has warmed.
    """

    def __init__(
        self,
        completer: AsyncCompleter,
        sandbox: Sandbox,
        answered: Callable[[Record], None],
        trees: TreeIndexes | None = None,
    ) -> None:
        self._completer = completer
        self._sandbox = sandbox
        self._answered = answered
        self._trees = trees
        self._failures = 0

    async def ask_all(self, items: Sequence[Item], arms: Sequence[Arm], at_once: int) -> None:
        """Send all items that an arm does not have yet, with `at_once` concurrent requests.

        Raises the service's error when it is unavailable; what was completed before is in the files.
        """
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
            completion = await answer(self._completer, item, arm.asking, self._trees)
        except (InvalidRequestError, *_OF_THE_SERVICE) as error:
            record = unanswered(item, error, time.perf_counter() - started)
            arm.file.append(record)
            self._note(error)
        else:
            self._failures = 0
            record = await graded(item, completion, time.perf_counter() - started, self._sandbox)
            arm.file.append(record)
        self._answered(record)

    def _note(self, error: SFM2Error) -> None:
        if isinstance(error, _OF_THE_SERVICE):
            self._failures += 1
        if self._failures >= _FAILURES:
            raise error


def _digest(items: Sequence[Item]) -> str:
    """A SHA-256 over all that is sent and tested."""
    return hashlib.sha256(json.dumps([asdict(item) for item in items]).encode()).hexdigest()
