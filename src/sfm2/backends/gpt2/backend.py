"""GPT-2 with a LoRA, the middle link of the fallback chain: transformers and peft, in this process.

It completes from the prefix alone: no filling in the middle (a suffix is ignored), no chat. Requests are answered one at
a time. Log-probabilities are the model's own, before temperature, penalty and cuts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Self

from sfm2.backends.base import Backend, obstacle_error
from sfm2.backends.gpt2 import files
from sfm2.backends.gpt2.detokenizer import Detokenizer
from sfm2.backends.gpt2.lazy_loader import LazyLoader
from sfm2.backends.gpt2.request_queue import RequestQueue
from sfm2.backends.gpt2.threads import ThreadedIterator
from sfm2.config import GPT2Settings, Settings
from sfm2.errors import (
    BackendError,
    BackendLoadingError,
    PromptTooLongError,
)
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.prompts import TokenHealing
from sfm2.types import BackendHealth, BackendStatus, SamplingParams

if TYPE_CHECKING:
    from sfm2.backends.gpt2.decoding import Token
    from sfm2.backends.gpt2.model import GPT2Model

_NOT_CONFIGURED = BackendHealth(
    status=BackendStatus.NOT_CONFIGURED,
    reason="set models.gpt2_lora.lora_path to a folder with a PEFT LoRA for the base model",
)


class GPT2LoRA(Backend):
    """At most `waiting` requests queue up. `patience`: seconds that a request waits for the model to load."""

    name = "gpt2_lora"
    extra = "hf"
    packages = ("torch", "transformers", "peft")

    def __init__(self, settings: GPT2Settings, *, waiting: int = 8, patience: float = 10.0) -> None:
        self._settings = settings
        self._patience = patience
        self._queue = RequestQueue(waiting)
        self._loading: LazyLoader[GPT2Model] = LazyLoader(self._load, lambda: files.fingerprint(settings))
        self._running: ThreadedIterator[Token] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(settings.models.gpt2_lora)

    @classmethod
    def is_configured(cls, settings: Settings) -> bool:
        return settings.models.gpt2_lora.lora_path is not None

    async def start(self) -> None:
        if self._obstacle() is None:
            self._loading.begin()

    async def ready(self) -> None:
        if self._obstacle() is None:
            await asyncio.wait([self._loading.begin()])

    async def aclose(self) -> None:
        """Stop what runs, within one token, and release the weights."""
        if self._running is not None:
            self._running.stop()
            await asyncio.wait([self._running.done])
        self._loading.forget()

    async def health(self) -> BackendHealth:
        if obstacle := self._obstacle():
            return obstacle
        if self._loading.running:
            return self._health(BackendStatus.LOADING, f"{self._settings.base_model} is being loaded")
        if failure := self._loading.failure:
            return self._health(BackendStatus.UNAVAILABLE, str(failure))
        if loaded := self._loading.result:
            reason = f"{self._settings.base_model} with a LoRA, on {loaded.device}"
            return self._health(BackendStatus.AVAILABLE, reason, loaded.device)
        return self._health(BackendStatus.CONFIGURED, "loaded when first asked")

    def _health(self, status: BackendStatus, reason: str, device: str | None = None) -> BackendHealth:
        return BackendHealth(status=status, reason=reason, model=self._settings.base_model, device=device)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        loaded = await self._loaded()
        healing = TokenHealing(request.prefix, words=False)
        prompt = _fitted(loaded.encode(healing.prompt), request, loaded.window)
        text = Detokenizer(loaded.decode)
        logprobs: list[float] = []
        count = 0
        async with aclosing(self._tokens(loaded, prompt, request.sampling)) as tokens:
            async for token in tokens:
                count += 1
                logprobs.append(token.logprob)
                if shown := healing.feed(text.feed(token.id)):
                    yield TokenChunk(shown, tuple(logprobs), tokens=len(logprobs))
                    logprobs.clear()
        limit = min(request.sampling.max_length, loaded.window - len(prompt))
        yield TokenChunk(
            healing.feed(text.finish()),
            tuple(logprobs),
            tokens=len(logprobs),
            finish_reason="length" if count == limit else "stop",
            prompt_tokens=len(prompt),
        )

    async def _tokens(
        self, loaded: GPT2Model, prompt: list[int], sampling: SamplingParams
    ) -> AsyncGenerator[Token, None]:
        from sfm2.backends.gpt2 import decoding

        def generate() -> Iterator[Token]:
            return decoding.generate(loaded, prompt, sampling)

        await self._queue.acquire()
        iterator = self._running = ThreadedIterator(generate)
        iterator.done.add_done_callback(lambda _: self._queue.release())
        try:
            async for token in iterator:
                yield token
        except RuntimeError as error:  # what torch raises when a device fails or is out of memory
            raise BackendError(f"generation failed: {error}") from error
        finally:
            iterator.stop()

    async def _loaded(self) -> GPT2Model:
        if obstacle := self._obstacle():
            raise obstacle_error(obstacle)
        loading = self._loading.begin()
        await asyncio.wait([loading], timeout=self._patience)
        if not loading.done():
            raise BackendLoadingError(f"{self._settings.base_model} is being loaded")
        return loading.result()

    def _obstacle(self) -> BackendHealth | None:
        """Why it cannot even try to load; None: nothing is in the way."""
        if self._settings.lora_path is None:
            return _NOT_CONFIGURED
        return self.missing_extra()

    def _load(self) -> GPT2Model:
        files.adapter_folder(self._settings)  # before torch's seconds of importing
        from sfm2.backends.gpt2 import model

        return model.load(self._settings)


def _fitted(prompt: list[int], request: GenerationRequest, window: int) -> list[int]:
    """The prompt, cut at its beginning when it is too long and may be."""
    if request.truncate and len(prompt) + request.sampling.max_length > window:
        return prompt[-max(window - request.sampling.max_length, window // 2) :]
    if len(prompt) >= window:
        raise PromptTooLongError(
            f"the prompt has {len(prompt):,} tokens; GPT-2's window is {window:,}, prompt and completion together",
            suggestion="Shorten the prompt",
        )
    return prompt
