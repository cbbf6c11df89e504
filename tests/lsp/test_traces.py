"""The language server passes the recorded traces, which the editor core passes too: `tests/traces/README.md`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from sfm2.errors import APIConnectionError
from sfm2.lsp import commands, features
from sfm2.lsp.exclusion import is_excluded
from sfm2.lsp.notices import ServerNotices
from sfm2.lsp.server import Server
from sfm2.lsp.service import Service
from sfm2.lsp.suggestions import Suggestions
from sfm2.lsp.typed_ahead import TypedAhead
from sfm2.types import Chunk, CompleteRequest, Completion
from tests.lsp.editor import AUTOMATIC, INVOKED, end_of
from tests.virtual_time import run

TRACES = Path(__file__).parents[1] / "traces"
URI = "file:///home/me/project/a.txt"
EXCLUSIONS = json.loads((TRACES / "exclusion.json").read_text(encoding="utf-8"))


class Recorded:
    """Answers as a trace has it, and fails the test for any other request."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        self.asked = 0
        self.cancelled: list[int] = []

    async def stream(self, request: CompleteRequest) -> AsyncGenerator[Chunk | Completion, None]:
        assert self.asked < len(self.answers), f"a request that the trace does not have: {request}"
        number = self.asked
        answer = self.answers[number]
        self.asked += 1
        assert (request.prefix, request.suffix) == (answer["prefix"], answer["suffix"])
        passed = 0
        try:
            for chunk in answer.get("chunks", []):
                await asyncio.sleep((chunk["at"] - passed) / 1000)
                passed = chunk["at"]
                yield Chunk(text=chunk["text"], confidence=chunk.get("confidence"))
            await asyncio.sleep((answer.get("takes", 10) - passed) / 1000)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        if answer.get("fails"):
            raise APIConnectionError("refused")
        text = answer["completion"]
        yield Completion(
            id=f"{number + 1}",
            generated_code=text,
            completion=text,
            model_used="echo",
            confidence=answer.get("confidence", 0.9),
            weights=answer.get("weights"),
            processing_time=0,
            finish_reason="stop",
        )


class Session(Server):
    """The language server without a wire; what it says to the user goes nowhere."""

    def show(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None: ...

    def log(self, message: str) -> None: ...


class Player:
    """An editor in which a trace is played."""

    def __init__(self, trace: dict[str, Any]) -> None:
        clock = asyncio.get_running_loop().time
        self.trace = trace
        self.before, self.after = trace["before"], trace["after"]
        self.recorded = Recorded(trace["answers"])
        completer: Any = self.recorded  # it completes, and nothing else is asked of it
        self.server = Session(Service(completer, "the trace"))
        self.server.notices = ServerNotices(self.server.show, self.server.log, clock)
        self.server.suggestions = Suggestions(completer, self.server.notices, TypedAhead(clock))
        settings = trace["settings"]
        self.server.configure({"debounce": settings["delay"], "minConfidence": settings["minConfidence"]})
        document = types.TextDocumentItem(URI, "plaintext", 1, self.before + self.after)
        features.did_open(self.server, types.DidOpenTextDocumentParams(document))
        self.shown: types.InlineCompletionItem | None = None
        self.running: asyncio.Task[None] | None = None

    async def play(self) -> None:
        for number, step in enumerate(self.trace["steps"], 1):
            await self.do(step)
            self.check(step, f"step {number}: {step}")
        assert self.recorded.asked == len(self.trace["answers"])
        cancelled = [number for number, answer in enumerate(self.trace["answers"]) if answer.get("cancelled")]
        assert self.recorded.cancelled == cancelled

    async def do(self, step: dict[str, Any]) -> None:
        if "type" in step:
            self.edit(0, 0, step["type"], step.get("closes", ""))
            self.ask(AUTOMATIC)
        if "delete" in step:
            self.edit(step["delete"], 0, "")
            self.ask(AUTOMATIC)
        if "move" in step:
            text, at = self.before + self.after, len(self.before) + step["move"]
            self.before, self.after, self.shown = text[:at], text[at:], None
            self.cancel()
        if "ask" in step:
            self.ask(INVOKED)
        if "dismiss" in step and self.shown is not None and self.shown.command is not None:
            await commands.rejected(self.server, list(self.shown.command.arguments or ()))
            self.shown = None
        if "accept" in step and self.shown is not None:
            self.accept(step["accept"])
        if step.get("asks"):
            self.ask(AUTOMATIC)
        await asyncio.sleep(0.0001)  # what needs no time happens
        await asyncio.sleep(step.get("wait", 0) / 1000)

    def accept(self, part: Any) -> None:
        assert self.shown is not None
        text = str(self.shown.insert_text)
        if part == "all":
            self.edit(0, self.replaces(), text)
            self.shown = None
        else:
            self.edit(0, 0, text[:part])
            self.ask(AUTOMATIC)

    def edit(self, removed: int, replaced: int, text: str, closes: str = "") -> None:
        """Removes characters before the cursor, replaces some after it, and inserts text at it and after it."""
        kept = self.before[: len(self.before) - removed]
        span = types.Range(end_of(kept), end_of(self.before + self.after[:replaced]))
        change = types.TextDocumentContentChangePartial(span, text + closes)
        document = types.VersionedTextDocumentIdentifier(2, URI)
        features.did_change(self.server, types.DidChangeTextDocumentParams(document, [change]))
        self.before, self.after = kept + text, closes + self.after[replaced:]

    def ask(self, trigger: types.InlineCompletionTriggerKind) -> None:
        if trigger == AUTOMATIC:
            self.shown = None
        earlier, self.running = self.running, asyncio.create_task(self.asked(trigger))
        if earlier is not None and not earlier.done():
            # An editor cancels after it has sent the newer request.
            asyncio.get_running_loop().call_soon(earlier.cancel)

    async def asked(self, trigger: types.InlineCompletionTriggerKind) -> None:
        context = types.InlineCompletionContext(trigger)
        params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(URI), end_of(self.before))
        found = await features.inline_completion(self.server, params)
        self.shown = found.items[0] if found.items else None

    def cancel(self) -> None:
        if self.running is not None:
            self.running.cancel()

    def replaces(self) -> int:
        assert self.shown is not None
        assert self.shown.range is not None
        return self.shown.range.end.character - self.shown.range.start.character

    def check(self, step: dict[str, Any], what: str) -> None:
        if "ghost" in step:
            assert (None if self.shown is None else self.shown.insert_text) == step["ghost"], what
        if "replaces" in step:
            assert self.replaces() == step["replaces"], what
        if "text" in step:
            assert f"{self.before}|{self.after}" == step["text"], what


@pytest.mark.parametrize("path", sorted((TRACES / "ghost-text").glob("*.json")), ids=lambda path: path.stem)
def test_a_trace(path: Path) -> None:
    async def played() -> None:
        await Player(json.loads(path.read_text(encoding="utf-8"))).play()

    run(played())


@pytest.mark.parametrize("case", EXCLUSIONS, ids=lambda case: f"{case['pattern']} {case['path']}")
def test_exclusion(case: dict[str, Any]) -> None:
    assert is_excluded(case["path"], [case["pattern"]]) == case["excluded"]
