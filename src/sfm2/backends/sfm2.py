"""SFM-2 itself: the weights in the engine, asked in their own prompt form."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Self

from sfm2 import prompts
from sfm2.backends.base import Backend, Capabilities
from sfm2.config import Settings
from sfm2.engines.base import AdapterFile, Engine, EngineLoad, Phase
from sfm2.engines.pool.affinity import affinity_key
from sfm2.engines.registry import engine_for
from sfm2.errors import BackendError, BackendInterruptedError, BackendLoadingError, PromptTooLongError
from sfm2.generation import Excerpt, GenerationRequest, TokenChunk
from sfm2.models.adapters import NONE, Adapter, AdapterStore
from sfm2.syntax.window import trim
from sfm2.types import BackendHealth, BackendStatus

_MAX_AGAIN = 2  # attempts after one of several engines failed in the middle of an answer
_MAX_ATTEMPTS = 6 + _MAX_AGAIN  # one without token healing of words, the others each halve the text
_CONTEXT_SHARE = 2  # code of other files gets half of what prefix and suffix get, if the request asks for no more
_LEAST_CHARACTERS = 1_000  # a window that holds less is not worth asking for

_STATUS = {
    Phase.READY: BackendStatus.AVAILABLE,
    Phase.LOADING: BackendStatus.LOADING,
    Phase.STALLED: BackendStatus.UNAVAILABLE,
    Phase.FAILED: BackendStatus.UNAVAILABLE,
    Phase.STOPPED: BackendStatus.UNAVAILABLE,
}


@dataclass(frozen=True)
class PromptFormat:
    """How to put a hole to the weights that the engine runs."""

    model: str
    sha256: str | None
    """Digest of the weights; None: the engine does not report it."""
    family: prompts.Family | None
    form: prompts.PromptForm


class _DivergedError(Exception):
    """The model did not write the word before the cursor again."""


class SFM2(Backend):
    """`engine` replaces the one that the settings and the environment name."""

    name = "sfm2"

    def __init__(self, settings: Settings, engine: Engine | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._format: PromptFormat | None = None
        self._adapters = AdapterStore(settings.storage.data_dir)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(settings)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(fills_holes=True, chats=True, adapters=True, reads_excerpts=True)

    async def start(self) -> None:
        if self._engine is None:
            self._engine = engine_for(self._settings, os.environ)
        await self._engine.start()

    async def ready(self) -> None:
        if self._engine is not None:
            await self._engine.ready()

    async def aclose(self) -> None:
        if self._engine is not None:
            await self._engine.aclose()

    async def health(self) -> BackendHealth:
        if self._engine is None:
            return BackendHealth(status=BackendStatus.UNAVAILABLE, reason="not started")
        found = await self._engine.health()
        return BackendHealth(
            status=_STATUS[found.phase],
            reason=found.reason,
            model=found.model,
            device=found.device,
            adapter=found.adapter,
            progress=found.progress,
        )

    async def works(self) -> bool:
        return self._engine is not None and (await self._engine.health()).phase is Phase.READY

    async def load(self) -> EngineLoad | None:
        return await self._engine.load() if self._engine else None

    async def began(self) -> float | None:
        return await self._engine.began() if self._engine else None

    async def variant(self) -> str:
        return f"{self.name} {await asyncio.to_thread(self._adapters.state)} {await self.began()}"

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        engine = await self._available()
        characters = (
            self._settings.generation.complete_context * prompts.CHARACTERS_PER_TOKEN if request.truncate else None
        )
        words, text, again, void = not request.is_chat, "", 0, False
        for _ in range(_MAX_ATTEMPTS):
            try:
                async with aclosing(self._attempt(engine, request, characters, words)) as chunks:
                    async for chunk in chunks:
                        yield replace(chunk, backend=self.name) if void else chunk
                        void, text = False, text + chunk.text
                return
            except BackendInterruptedError:
                if again == _MAX_AGAIN or _may_be_seen(request, text):
                    raise
                again, void, text = again + 1, True, ""
            except _DivergedError:
                words = False
            except PromptTooLongError:
                if characters is None or characters < _LEAST_CHARACTERS:
                    raise
                characters //= 2

    async def _attempt(
        self, engine: Engine, request: GenerationRequest, characters: int | None, words: bool
    ) -> AsyncGenerator[TokenChunk, None]:
        """`characters`: as many of prefix and suffix as the prompt may hold; None: all.

        Raises `_DivergedError` before its first chunk when the model did not write the word before the cursor again.
        """
        weights = await self._prompt_format(engine)
        adapter = await asyncio.to_thread(self._adapter, request, weights)
        context = [] if characters is None else self._context(request, weights, characters)
        if request.is_chat:
            prompt: str | list[int] = await _chat_prompt(engine, request)
            healing = None
        else:
            healing = prompts.TokenHealing(prompts.without_special_tokens(request.prefix, weights.family), words)
            prompt = _code_prompt(request, weights, healing.prompt, context, characters)
        identity, name = _identity(weights, adapter), adapter.name if adapter else None
        lora = AdapterFile.of(adapter) if adapter else None
        if weights.sha256 is None and request.adapter is not None:
            name, lora = None if request.adapter == NONE else request.adapter, AdapterFile.elsewhere(request.adapter)
        streaming = request.streaming and not request.by_line
        tokens = engine.generate(
            *(prompt, request.sampling, lora),
            streaming=streaming,
            priority=request.priority,
            patience=_patience(request),
            affinity=affinity_key(request),
            owner=request.owner,
        )
        named = False
        async with aclosing(_healed(tokens, healing)) as chunks:
            async for chunk in chunks:
                yield chunk if named else replace(chunk, weights=identity, adapter=name, excerpts=len(context))
                named = True

    def _context(self, request: GenerationRequest, weights: PromptFormat, characters: int) -> list[Excerpt]:
        """The excerpts that fit where prefix and suffix may have `characters`; when those were halved, these are, too."""
        if weights.family is None or not weights.family.file:
            return []
        wanted = request.context_tokens / self._settings.generation.complete_context
        share = max(1 / _CONTEXT_SHARE, wanted)
        return prompts.latest_fitting(_plain(request.context, weights.family), int(characters * share))

    async def _available(self) -> Engine:
        if self._engine is None:
            raise BackendError("the engine has not been started")
        found = await self._engine.health()
        if found.phase in (Phase.LOADING, Phase.STALLED):  # it is being replaced: asking again in a moment is of use
            raise BackendLoadingError(found.reason)
        if found.phase is not Phase.READY:
            raise BackendError(found.reason)
        return self._engine

    async def _prompt_format(self, engine: Engine) -> PromptFormat:
        """Found once: the settings name the weights for as long as we run."""
        if self._format is None:
            self._format = await _find_prompt_format(engine)
        return self._format

    def _adapter(self, request: GenerationRequest, weights: PromptFormat) -> Adapter | None:
        """Raises `AdapterError` for an adapter that does not exist, or was trained on other weights."""
        if request.adapter == NONE or (request.adapter is None and request.is_chat):
            return None
        if request.adapter is None:
            used = self._adapters.in_use(weights.sha256) if weights.sha256 else None
            return None if used and used.holes_only and not request.suffix.strip() else used
        if weights.sha256 is None:  # only its server knows it
            return None
        adapter = self._adapters.find(request.adapter)
        adapter.check_base(weights.sha256, weights.model)
        return adapter


async def _find_prompt_format(engine: Engine) -> PromptFormat:
    """The family is the one whose special tokens are single tokens of these weights. Weights without a measured
    form get the one that their family was trained on."""
    facts = await engine.facts()
    for family in prompts.FAMILIES:
        tokens = await engine.tokenize("".join(family.special_tokens))
        if len(tokens) == len(family.special_tokens):
            return PromptFormat(facts.model, facts.sha256, family, facts.prompt_form or "psm")
    return PromptFormat(facts.model, facts.sha256, None, "prefix")


async def _chat_prompt(engine: Engine, request: GenerationRequest) -> list[int]:
    slots = prompts.ChatTemplateSlots(request.messages)
    parts = slots.parts(await engine.apply_chat_template(slots.messages))
    ids = await asyncio.gather(*(engine.tokenize(text, parse_special=own) for text, own in parts))
    return [token for some in ids for token in some]


def _code_prompt(
    request: GenerationRequest,
    weights: PromptFormat,
    prefix: str,
    context: Sequence[Excerpt],
    characters: int | None,
) -> str:
    suffix = prompts.without_special_tokens(request.suffix, weights.family)
    if characters is not None:
        prefix, suffix = trim(prefix, suffix, characters)
    form = prompts.RETRY_FORM[weights.form] if request.retry else weights.form
    # In an empty file there is nothing to continue but a line that begins.
    name_file = request.name_file
    return prompts.fim_prompt(weights.family, form, prefix, suffix, request.path, context, name_file=name_file) or "\n"


async def _healed(
    tokens: AsyncGenerator[TokenChunk, None], healing: prompts.TokenHealing | None
) -> AsyncGenerator[TokenChunk, None]:
    """The chunks without what is before the cursor already. Raises `_DivergedError`."""
    lost = 0  # characters of chunks that were held back whole
    async with aclosing(tokens):
        async for chunk in tokens:
            if healing is None:
                yield chunk
                continue
            text = healing.feed(chunk.text)
            if healing.diverged or (chunk.finish_reason and healing.pending):
                raise _DivergedError
            if healing.pending:
                lost += sum(map(len, chunk.token_texts))
            else:
                healed = max(0, healing.healed - lost)
                yield replace(chunk, text=text, healed=healed) if healed or text != chunk.text else chunk


def _plain(context: Sequence[Excerpt], family: prompts.Family | None) -> list[Excerpt]:
    clean = prompts.without_special_tokens
    texts = (prompts.without_secrets(clean(one.text, family)) for one in context)
    return [replace(one, text=text, path=clean(one.path, family)) for one, text in zip(context, texts, strict=True)]


def _patience(request: GenerationRequest) -> float | None:
    """Seconds that are left of the request's own time."""
    return None if request.deadline is None else max(0.0, request.deadline - asyncio.get_running_loop().time())


def _may_be_seen(request: GenerationRequest, text: str) -> bool:
    """Whether somebody may have been shown a part of `text`, so that it can't be written anew."""
    return request.streaming and bool(text) and not (request.by_line and "\n" not in text)


def _identity(weights: PromptFormat, adapter: Adapter | None) -> str | None:
    return f"{weights.sha256}+{adapter.digest}" if adapter else weights.sha256
