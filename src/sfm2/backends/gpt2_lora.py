"""GPT-2 with a LoRA, the middle link of the fallback chain: transformers and peft, in this process.

It completes from the prefix alone: no filling in the middle (a suffix is ignored), no chat. Requests are answered one at
a time. Log-probabilities are the model's own, before temperature, penalty and cuts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from sfm2.backends import extras, gpt2_files
from sfm2.backends.base import Ask, Piece, Status
from sfm2.backends.detokenizing import Detokenizer
from sfm2.backends.once import Once
from sfm2.backends.threads import Pump
from sfm2.backends.turns import Turns
from sfm2.config import GPT2Settings
from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    BackendNotConfiguredError,
    BackendUnavailableError,
    BackendUnsupportedError,
    PromptTooLongError,
)
from sfm2.prompts import Resumed
from sfm2.types import BackendStatus

if TYPE_CHECKING:
    from sfm2.backends.gpt2_decoding import Token
    from sfm2.backends.gpt2_model import Loaded

_NOT_CONFIGURED = Status(
    BackendStatus.NOT_CONFIGURED, "set models.gpt2_lora.lora_path to a folder with a PEFT LoRA for the base model"
)


class GPT2LoRA:
    """At most `waiting` requests stand in line. `patience`: seconds that a request waits for the model to load."""

    name = "gpt2_lora"

    def __init__(self, settings: GPT2Settings, *, waiting: int = 8, patience: float = 10.0) -> None:
        self._settings = settings
        self._patience = patience
        self._turns = Turns(waiting)
        self._loading: Once[Loaded] = Once(self._load, lambda: gpt2_files.fingerprint(settings))
        self._running: Pump[Token] | None = None

    async def start(self) -> None:
        if self._obstacle() is None:
            self._loading.begin()

    async def ready(self) -> None:
        if self._obstacle() is None:
            await asyncio.wait([self._loading.begin()])

    async def aclose(self) -> None:
        """Stops what runs, within a token, and lets the weights go."""
        if self._running is not None:
            self._running.stop()
            await asyncio.wait([self._running.done])
        self._loading.forget()

    async def status(self) -> Status:
        if obstacle := self._obstacle():
            return obstacle
        if self._loading.running:
            return Status(BackendStatus.LOADING, f"{self._settings.base_model} is being loaded")
        if failure := self._loading.failure:
            return Status(BackendStatus.UNAVAILABLE, str(failure))
        if loaded := self._loading.result:
            return Status(BackendStatus.AVAILABLE, f"{self._settings.base_model} with a LoRA, on {loaded.device}")
        return Status(BackendStatus.CONFIGURED, "loaded when first asked")

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece, None]:
        if ask.kind == "chat":
            raise BackendUnsupportedError("GPT-2 completes code; it does not answer questions")
        loaded = await self._loaded()
        resumed = Resumed(ask.prefix, words=False)
        prompt = _fitted(loaded.encode(resumed.prompt), ask, loaded.window)
        text = Detokenizer(loaded.decode)
        logprobs: list[float] = []
        count = 0
        async with aclosing(self._tokens(loaded, prompt, ask)) as tokens:
            async for token in tokens:
                count += 1
                logprobs.append(token.logprob)
                if shown := resumed.feed(text.feed(token.id)):
                    yield Piece(shown, tuple(logprobs), tokens=len(logprobs))
                    logprobs.clear()
        limit = min(ask.max_length, loaded.window - len(prompt))
        yield Piece(
            resumed.feed(text.finish()),
            tuple(logprobs),
            tokens=len(logprobs),
            finish_reason="length" if count == limit else "stop",
            prompt_tokens=len(prompt),
        )

    async def _tokens(self, loaded: Loaded, prompt: list[int], ask: Ask) -> AsyncGenerator[Token, None]:
        from sfm2.backends import gpt2_decoding

        def generate() -> Iterator[Token]:
            return gpt2_decoding.generate(loaded, prompt, ask)

        await self._turns.take()
        pump = self._running = Pump(generate)
        pump.done.add_done_callback(lambda _: self._turns.give_back())
        try:
            async for token in pump:
                yield token
        except RuntimeError as error:  # what torch raises when a device fails or is out of memory
            raise BackendError(f"generation failed: {error}") from error
        finally:
            pump.stop()

    async def _loaded(self) -> Loaded:
        if obstacle := self._obstacle():
            raise _error(obstacle)
        loading = self._loading.begin()
        await asyncio.wait([loading], timeout=self._patience)
        if not loading.done():
            raise BackendLoadingError(f"{self._settings.base_model} is being loaded")
        return loading.result()

    def _obstacle(self) -> Status | None:
        """What keeps it from even trying to load."""
        if self._settings.lora_path is None:
            return _NOT_CONFIGURED
        return extras.missing("hf", "torch", "transformers", "peft")

    def _load(self) -> Loaded:
        gpt2_files.adapter_folder(self._settings)  # before torch's seconds of importing
        from sfm2.backends import gpt2_model

        return gpt2_model.load(self._settings)


def _error(obstacle: Status) -> BackendError:
    kind = BackendNotConfiguredError if obstacle.status is BackendStatus.NOT_CONFIGURED else BackendUnavailableError
    return kind(obstacle.reason)


def _fitted(prompt: list[int], ask: Ask, window: int) -> list[int]:
    """The prompt, cut at its beginning when it is too long and may be."""
    if ask.trim and len(prompt) + ask.max_length > window:
        return prompt[-max(window - ask.max_length, window // 2) :]
    if len(prompt) >= window:
        raise PromptTooLongError(
            f"the prompt has {len(prompt):,} tokens; GPT-2's window is {window:,}, prompt and completion together",
            suggestion="Shorten the prompt",
        )
    return prompt
