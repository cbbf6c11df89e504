"""Items with a known completion by the echo backend, and runs over them.

The echo backend completes a hole with the text after `echo:` on the last line before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import Any

from sfm2.backends.echo import Echo
from sfm2.completer import AsyncCompleter, Streamable
from sfm2.errors import BackendUnavailableError
from sfm2.evals.asking import Asking, ItemRequest
from sfm2.evals.items import Item, Record
from sfm2.evals.results import ResultsFile, read
from sfm2.evals.running import Arm, EvalRun, header, missing, warm_up
from sfm2.evals.sandbox import Sandbox
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import Health


def line(name: str, says: str, test: str | None = None, **known: Any) -> Item:
    """A hole after `lambda echo:N`, which the echo backend fills with N, so that the line ends in NN."""
    return Item(name, f"{name}.py", f"one = lambda echo:{says}", "\n", "python", "line", test=test, **known)


RIGHT = line("right", "1", "assert one(0) == 11\n", expected="1")
WRONG = line("wrong", "2", "assert one(0) == 11\n", expected="1")
EMPTY = Item("empty", "e.py", "one = lambda echo:", " 1\n", "python", "line", test="assert one(0) == 1\n")
PROMPT = Item("prompt", "p.py", "one = lambda echo:3", "", "python", "definition", expected="3", as_prompt=True)
UNASKABLE = line("unaskable", "1\x00")
ITEMS = [RIGHT, WRONG, EMPTY, PROMPT]


class RecordingCompleter:
    """An `AsyncCompleter` that passes requests on to another one, and records them."""

    def __init__(self, completer: AsyncCompleter) -> None:
        self._completer = completer
        self.asked: list[ItemRequest] = []

    async def submit(self, request: Any) -> Any:
        self.asked.append(request)
        return await self._completer.submit(request)

    def stream(self, request: Streamable) -> AsyncGenerator[Any, None]:
        return self._completer.stream(request)

    async def health(self) -> Health:
        return await self._completer.health()

    async def aclose(self) -> None:
        await self._completer.aclose()


class FailingEcho(Echo):
    """An echo backend that fails while the prompt contains a word of `broken`."""

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken = broken

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        if any(word in request.prefix for word in self.broken):
            raise BackendUnavailableError("out of order")
        async for chunk in super().stream(request):
            yield chunk


async def run(
    completer: AsyncCompleter,
    items: Sequence[Item],
    outputs: Sequence[Path],
    askings: Sequence[Asking] = (Asking(),),
    at_once: int = 1,
    answered: Callable[[Record], None] = lambda record: None,
) -> list[Arm]:
    first = await warm_up(completer, askings[0])
    with ExitStack() as files:
        arms = []
        for how, path in zip(askings, outputs, strict=True):
            head = header("made", items, how, first, at_once)
            arms.append(Arm(how, files.enter_context(ResultsFile(path, head))))
        await EvalRun(completer, Sandbox(), answered).ask_all(items, arms, at_once)
        assert missing(items, arms) == sum(not record.answered for arm in arms for record in arm.file.records.values())
    return arms


def asked(
    service: AbstractAsyncContextManager[AsyncCompleter], items: Sequence[Item], *outputs: Path, **options: Any
) -> list[ItemRequest]:
    """The requests that a run sends after its warm-up."""

    async def noted() -> list[ItemRequest]:
        async with service as completer:
            noting = RecordingCompleter(completer)
            await run(noting, items, outputs, **options)
            return noting.asked[1:]

    return asyncio.run(noted())


def records(path: Path) -> dict[str, Record]:
    return {record.id: record for record in read(path).records}
