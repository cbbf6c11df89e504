"""SFM-2 itself: the weights in the engine, asked in their own prompt form."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from sfm2 import prompts
from sfm2.backends.base import Ask, Piece, Status
from sfm2.config import Settings
from sfm2.engine.client import EngineClient
from sfm2.engine.hosts import host_for
from sfm2.engine.preparation import adapter_file
from sfm2.engine.state import Host, Phase
from sfm2.errors import AdapterError, BackendError, BackendLoadingError, PromptTooLongError
from sfm2.models.adapters import NONE, Adapter, AdapterStore
from sfm2.syntax.window import trim
from sfm2.types import BackendStatus, FinishReason, Snippet

CHARACTERS_PER_TOKEN = 3  # of source code, on the safe side (Qwen's tokenizer: about 3.5)
_MOST_ATTEMPTS = 6  # one says half a word again, the others each halve the text
_CONTEXT_SHARE = 2  # code of other files gets half of what prefix and suffix get
_LEAST_ROOM = 1_000  # characters; a window that holds less is not worth asking

_STATUS = {
    Phase.READY: BackendStatus.AVAILABLE,
    Phase.LOADING: BackendStatus.LOADING,
    Phase.FAILED: BackendStatus.UNAVAILABLE,
    Phase.STOPPED: BackendStatus.UNAVAILABLE,
}


@dataclass(frozen=True)
class Weights:
    """What prompts depend on. `sha256` None: an engine of somebody else's, that does not tell."""

    name: str
    family: prompts.Family | None
    form: prompts.Form
    sha256: str | None


class _DivergedError(Exception):
    """The model did not write again what stands before the cursor."""


class SFM2:
    """`host` replaces the engine that the settings and the environment name."""

    name = "sfm2"

    def __init__(self, settings: Settings, host: Host | None = None) -> None:
        self._settings = settings
        self._host = host
        self._client: EngineClient | None = None
        self._weights: Weights | None = None
        self._adapters = AdapterStore(settings.storage.data_dir)

    async def start(self) -> None:
        if self._host is None:
            self._host = host_for(self._settings, os.environ)
        self._client = EngineClient(self._host.address, self._settings.generation.timeout)
        await self._host.start()

    async def ready(self) -> None:
        if self._host is not None:
            await self._host.settled()

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        if self._host is not None:
            await self._host.aclose()

    async def status(self) -> Status:
        if self._host is None:
            return Status(BackendStatus.UNAVAILABLE, "not started")
        state = await self._host.state()
        return Status(_STATUS[state.phase], state.reason)

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        client = await self._available()
        room = self._settings.generation.complete_context * CHARACTERS_PER_TOKEN if ask.trim else None
        words = ask.kind == "code"
        for _ in range(_MOST_ATTEMPTS):
            try:
                async with aclosing(self._attempt(client, ask, room, words)) as pieces:
                    async for piece in pieces:
                        yield piece
                return
            except _DivergedError:
                words = False
            except PromptTooLongError:
                if room is None or room < _LEAST_ROOM:
                    raise
                room //= 2

    async def _attempt(
        self, client: EngineClient, ask: Ask, room: int | None, words: bool
    ) -> AsyncGenerator[Piece, None]:
        """Raises `_DivergedError` before its first piece when half a word before the cursor was not written again."""
        weights = await self._find_weights(client)
        names = _Names()
        resumed = prompts.Resumed(prompts.without_marks(ask.prefix, weights.family), words)
        adapter = await asyncio.to_thread(self._adapter, ask, weights)
        prompt = await self._prompt(client, ask, weights, resumed.prompt, room)
        async with aclosing(client.completion(_request(ask, prompt, adapter))) as events:
            async for event in events:
                piece = replace(
                    _piece(event), weights=_identity(weights, adapter), adapter=adapter.name if adapter else None
                )
                if ask.kind == "code":
                    piece = replace(piece, text=resumed.feed(piece.text))
                piece = names.of(event, piece, resumed)
                if resumed.diverged or (piece.finish_reason and resumed.pending):
                    raise _DivergedError
                if not resumed.pending:
                    yield piece

    async def _available(self) -> EngineClient:
        if self._client is None or self._host is None:
            raise BackendError("the engine has not been started")
        state = await self._host.state()
        if state.phase is Phase.LOADING:
            raise BackendLoadingError(state.reason)
        if state.phase is not Phase.READY:
            raise BackendError(state.reason)
        return self._client

    async def _prompt(
        self, client: EngineClient, ask: Ask, weights: Weights, prefix: str, room: int | None
    ) -> str | list[int]:
        suffix = prompts.without_marks(ask.suffix, weights.family)
        if ask.kind == "chat":
            return await _chat_prompt(client, ask)
        context: list[Snippet] = []
        if room is not None:
            prefix, suffix = trim(prefix, suffix, room)
            context = prompts.fitting(_unmarked(ask.context, weights.family), room // _CONTEXT_SHARE)
        form = prompts.OTHER_FORM[weights.form] if ask.again else weights.form
        # In an empty file there is nothing to go on from but a line that begins.
        return prompts.hole_prompt(weights.family, form, prefix, suffix, ask.path, context) or "\n"

    def _adapter(self, ask: Ask, weights: Weights) -> Adapter | None:
        """Raises `AdapterError` for one that is not there, or that was trained on other weights."""
        if ask.adapter == NONE or (ask.adapter is None and ask.kind == "chat"):
            return None
        if ask.adapter is None:
            used = self._adapters.in_use(weights.sha256) if weights.sha256 else None
            return None if used and used.holes_only and not ask.suffix.strip() else used
        if weights.sha256 is None:
            raise AdapterError(
                f"adapter: the engine at {self._settings.models.sfm2.url} is not ours and does not take adapters",
                suggestion="Leave models.sfm2.url out of the settings, or ask without `adapter`",
            )
        adapter = self._adapters.find(ask.adapter)
        adapter.check_base(weights.sha256, weights.name)
        return adapter

    async def _find_weights(self, client: EngineClient) -> Weights:
        """Asked once: the settings name the weights for as long as we run."""
        if self._weights is None:
            self._weights = await _ask_weights(client)
        return self._weights


async def _ask_weights(client: EngineClient) -> Weights:
    """The family is the one whose marks are single tokens of these weights. Who is not measured gets the form that the
    family was trained on."""
    properties = await client.properties()
    name, sha256 = str(properties.get("model_alias", "")), properties.get("weights")
    form: prompts.Form = properties.get("hole_form") or "psm"
    for family in prompts.FAMILIES:
        if len(await client.tokenize("".join(family.marks))) == len(family.marks):
            return Weights(name, family, form, sha256)
    return Weights(name, None, "prefix", sha256)


async def _chat_prompt(client: EngineClient, ask: Ask) -> list[int]:
    slots = prompts.Slots(ask.turns)
    parts = slots.parts(await client.chat_prompt(slots.messages))
    ids = await asyncio.gather(*(client.tokenize(text, parse_special=own) for text, own in parts))
    return [token for some in ids for token in some]


def _unmarked(context: Sequence[Snippet], family: prompts.Family | None) -> list[Snippet]:
    return [
        Snippet(text=prompts.without_marks(one.text, family), path=prompts.without_marks(one.path, family))
        for one in context
    ]


class _Names:
    """The text of each token of a stream; a character that is spread over tokens counts as the last one's."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lost = 0  # characters of pieces that nobody gets

    def of(self, event: dict[str, Any], piece: Piece, resumed: prompts.Resumed) -> Piece:
        entries = event.get("completion_probabilities") or []
        names = tuple(self._decoder.decode(_bytes(entry)) for entry in entries)
        if resumed.pending:
            self._lost += sum(map(len, names))
        return replace(piece, names=names, skipped=max(0, resumed.skipped - self._lost))


def _bytes(entry: dict[str, Any]) -> bytes:
    return bytes(entry["bytes"]) if entry.get("bytes") is not None else str(entry.get("token", "")).encode()


def _identity(weights: Weights, adapter: Adapter | None) -> str | None:
    return f"{weights.sha256}+{adapter.digest}" if adapter else weights.sha256


def _request(ask: Ask, prompt: str | list[int], adapter: Adapter | None) -> dict[str, Any]:
    return {
        "prompt": prompt,
        "n_predict": ask.max_length,
        "temperature": ask.temperature,
        "top_k": ask.top_k,
        "top_p": ask.top_p,
        "repeat_penalty": ask.repetition_penalty,
        "seed": -1 if ask.seed is None else ask.seed % 2**31,
        "stop": list(ask.stop),
        "n_probs": 1,
        "timings_per_token": True,
        "cache_prompt": True,
        "by_line": not ask.interactive,
        "adapter": adapter_file(adapter).model_dump(mode="json") if adapter else None,
    }


def _seconds(milliseconds: Any) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else None


def _piece(event: dict[str, Any]) -> Piece:
    probabilities = event.get("completion_probabilities") or []
    finish: FinishReason | None = None
    if event.get("stop"):
        finish = "length" if event.get("stop_type") == "limit" else "stop"
    return Piece(
        text=event.get("content", ""),
        logprobs=tuple(entry["logprob"] for entry in probabilities),
        tokens=len(event.get("tokens") or probabilities),
        finish_reason=finish,
        prompt_tokens=event.get("tokens_evaluated"),
        prompt_seconds=_seconds((event.get("timings") or {}).get("prompt_ms")),
    )
