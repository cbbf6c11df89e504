"""Items that steer the echo backend, and runs over them.

What stands after `echo:` on the last line before the hole is the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import Any

from sfm2.backends.echo import Echo
from sfm2.errors import BackendUnavailableError
from sfm2.evals.asking import Answerer, Asking, Request
from sfm2.evals.items import Item, Record
from sfm2.evals.results import ResultsFile, read
from sfm2.evals.running import Arm, Run, header, missing, warm_up
from sfm2.evals.sandbox import Sandbox
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.types import Completion


def line(name: str, says: str, test: str | None = None, **known: Any) -> Item:
    """A hole after `lambda echo:N`, which echo fills with N once more."""
    return Item(name, f"{name}.py", f"one = lambda echo:{says}", "\n", "python", "line", test=test, **known)


RIGHT = line("right", "1", "assert one(0) == 11\n", expected="1")
WRONG = line("wrong", "2", "assert one(0) == 11\n", expected="1")
EMPTY = Item("empty", "e.py", "one = lambda echo:", " 1\n", "python", "line", test="assert one(0) == 1\n")
PROMPT = Item("prompt", "p.py", "one = lambda echo:3", "", "python", "definition", expected="3", as_prompt=True)
UNASKABLE = line("unaskable", "1\x00")
ITEMS = [RIGHT, WRONG, EMPTY, PROMPT]


class Noting:
    """An answerer that hands on, and knows what it was asked."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Completion:
        self.asked.append(request)
        return await self._answer(request)


class Moody(Echo):
    """Fails while a word of `broken` stands in the prompt."""

    def __init__(self, *broken: str) -> None:
        super().__init__()
        self.broken = broken

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        if any(word in request.prefix for word in self.broken):
            raise BackendUnavailableError("out of order")
        async for chunk in super().stream(request):
            yield chunk


async def run(
    answer: Answerer,
    items: Sequence[Item],
    outputs: Sequence[Path],
    askings: Sequence[Asking] = (Asking(),),
    at_once: int = 1,
    answered: Callable[[Record], None] = lambda record: None,
) -> list[Arm]:
    first = await warm_up(answer, askings[0])
    with ExitStack() as files:
        arms = []
        for how, path in zip(askings, outputs, strict=True):
            head = header("made", items, how, first, at_once)
            arms.append(Arm(how, files.enter_context(ResultsFile(path, head))))
        await Run(answer, Sandbox(), answered).ask_all(items, arms, at_once)
        assert missing(items, arms) == sum(not record.answered for arm in arms for record in arm.file.records.values())
    return arms


def asked(
    service: AbstractAsyncContextManager[Answerer], items: Sequence[Item], *outputs: Path, **options: Any
) -> list[Request]:
    """What a run asks, after its warm-up."""

    async def noted() -> list[Request]:
        async with service as answer:
            noting = Noting(answer)
            await run(noting, items, outputs, **options)
            return noting.asked[1:]

    return asyncio.run(noted())


def records(path: Path) -> dict[str, Record]:
    return {record.id: record for record in read(path).records}
