"""An HTTP client of vLLM. What goes over the wire stays in here: typed values go in and come out."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from sfm2 import tracing
from sfm2.engines.base import AdapterFile, EngineFacts
from sfm2.engines.client import LOOK, EngineAddress, EngineClient, EngineWork
from sfm2.engines.http import CONNECT_TIMEOUT, connected, parsed, translated_errors
from sfm2.engines.vllm import tokens
from sfm2.engines.vllm.metrics import work_in
from sfm2.engines.vllm.recognition import OLDEST, too_old
from sfm2.engines.vllm.refusals import UnknownModelError, failure, refusal, too_long
from sfm2.engines.vllm.wire import (
    ChatTokensCall,
    PlainTokensCall,
    ServedModel,
    ServedModels,
    SpokenMessage,
    TextCall,
    TextChoice,
    TextEvent,
    TextReply,
    TokenLogprobs,
    TokensCall,
    TokensReply,
    VersionReply,
)
from sfm2.errors import BackendError, BackendRefusedError, BackendUnsupportedError
from sfm2.generation import Priority, TokenChunk
from sfm2.sse import Decoder
from sfm2.types import ConversationMessage, FinishReason, SamplingParams

M = TypeVar("M", bound=BaseModel)
_PROTOCOL = "vLLM's protocol"
_END = "[DONE]"
_LONGEST_SECRET = 64  # bytes that keyed hashing takes


@dataclass(frozen=True)
class ServedWeights:
    """What is asked once of a server, and holds until it is another one."""

    name: str
    window: int
    """Tokens that a request may have"""
    ends: tuple[int, ...]
    """Tokens that end a completion, beside those that the server knows itself"""


class VLLMClient(EngineClient):
    """`timeout` is in seconds, for each wait on the connection."""

    def __init__(self, address: EngineAddress, timeout: float) -> None:
        self._timeout = timeout
        self._http = connected(address, timeout)
        self._secret = address.key.encode()[:_LONGEST_SECRET]
        self._served: tuple[float | None, ServedWeights] | None = None
        self._asking = asyncio.Lock()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        served = await self._weights_served()
        ids = await self._tokens_of(prompt) if isinstance(prompt, str) else list(prompt)
        room = served.window - len(ids)
        if room < 1:
            raise too_long(len(ids), served.window)
        model = await self._model(adapter, served)
        call = TokensCall.build(model, ids, room, sampling, served.ends, priority, self._salt(owner))
        seconds = self._timeout if patience is None else min(self._timeout, patience)
        try:
            async with aclosing(self._stream(call, seconds)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except UnknownModelError:
            self._served = None  # it has been started anew, or with other weights
            raise

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        if parse_special or not text:
            return (await self._tokenized(text)).tokens
        whole = await self._tokenized(text, spelled=True)
        special = tokens.special_in(text, whole.token_strs or [])
        if not special:
            return whole.tokens
        parts = await asyncio.gather(*(self._tokenized(part) for part in tokens.broken_up(text, special)))
        return [token for part in parts for token in part.tokens]

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        """Raises `BackendUnsupportedError` where the weights have no template."""
        call = ChatTokensCall(messages=[SpokenMessage(role=one.role, content=one.content) for one in messages])
        try:
            found = await self._post("/tokenize", call, TokensReply)
        except BackendRefusedError as error:
            raise BackendUnsupportedError(error.message) from error
        return (await self._post("/detokenize", TextCall(tokens=found.tokens), TextReply)).prompt

    async def facts(self) -> EngineFacts:
        """vLLM does not report the digest of its weights."""
        return EngineFacts((await self._weights()).id)

    async def work(self) -> EngineWork | None:
        return work_in((await self._get("/metrics", LOOK)).decode(errors="replace"))

    async def check(self) -> None:
        """Raises `BackendError`, too, for a version that lacks what we ask of it."""
        await self._get("/health", CONNECT_TIMEOUT)
        version = parsed(await self._get("/version", CONNECT_TIMEOUT), TypeAdapter(VersionReply), _PROTOCOL).version
        if too_old(version):
            oldest = ".".join(map(str, OLDEST))
            raise BackendError(f"the engine is vLLM {version}; expected {oldest} or later", suggestion="Update vLLM")

    @abstractmethod
    async def _model(self, adapter: AdapterFile | None, served: ServedWeights) -> str:
        """The name to ask for; an adapter may have to be loaded. Raises `BackendError`, or `AdapterError`."""

    def _salt(self, owner: str | None) -> str | None:
        """The same for all processes that share the engine, and unknown to those that don't know its key."""
        return None if owner is None else blake2b(owner.encode(), key=self._secret, digest_size=32).hexdigest()

    async def _models(self) -> list[ServedModel]:
        return parsed(await self._get("/v1/models"), TypeAdapter(ServedModels), _PROTOCOL).data

    async def _weights(self) -> ServedModel:
        for one in await self._models():
            if one.parent is None:
                return one
        raise BackendError("the engine serves no model")

    async def _weights_served(self) -> ServedWeights:
        async with self._asking:
            if self._served is None or self._served[0] != self.life:
                life, weights = self.life, await self._weights()
                if weights.max_model_len is None:
                    raise BackendError("the engine does not say how long a prompt may be; is it vLLM?")
                ends = await self._tokenized("".join(tokens.ENDS), spelled=True)
                ids = tokens.ids_of_ends(ends.tokens, ends.token_strs or [])
                self._served = life, ServedWeights(weights.id, weights.max_model_len, ids)
            return self._served[1]

    async def _tokens_of(self, prompt: str) -> list[int]:
        """With what the weights want at the beginning."""
        return (
            await self._post("/tokenize", PlainTokensCall(prompt=prompt, add_special_tokens=True), TokensReply)
        ).tokens

    async def _tokenized(self, text: str, *, spelled: bool = False) -> TokensReply:
        return await self._post("/tokenize", PlainTokensCall(prompt=text, return_token_strs=spelled), TokensReply)

    async def _stream(self, call: TokensCall, seconds: float) -> AsyncGenerator[TokenChunk, None]:
        began, decoder, first = time.monotonic(), Decoder(), True
        async with (
            translated_errors(_PROTOCOL),
            self._http.stream(
                "POST",
                "/v1/completions",
                content=call.model_dump_json(exclude_none=True),
                headers=tracing.headers(),
                timeout=httpx.Timeout(seconds, connect=CONNECT_TIMEOUT),
            ) as response,
        ):
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise refusal(response)
            async for choice in _choices(response, decoder):
                chunk = _chunk(choice)
                if first:
                    chunk, first = replace(chunk, prompt_seconds=time.monotonic() - began), False
                if chunk.finish_reason is None:
                    yield chunk
                else:
                    yield replace(chunk, prompt_tokens=len(call.prompt))
                    return
        raise BackendError("the engine closed the stream before its end; it may have died")

    async def _get(self, path: str, seconds: float | None = None) -> bytes:
        async with translated_errors(_PROTOCOL):
            response = await self._http.get(
                path, timeout=httpx.Timeout(seconds or self._timeout, connect=CONNECT_TIMEOUT)
            )
        return _content(response)

    async def _post(self, path: str, call: BaseModel, reply: type[M]) -> M:
        return parsed(await self._send(path, call), TypeAdapter(reply), _PROTOCOL)

    async def _send(self, path: str, call: BaseModel) -> bytes:
        async with translated_errors(_PROTOCOL):
            response = await self._http.post(path, content=call.model_dump_json(exclude_none=True))
        return _content(response)


async def _choices(response: httpx.Response, decoder: Decoder) -> AsyncIterator[TextChoice]:
    """Raises an error that comes in the middle of the stream."""
    async for data in response.aiter_bytes():
        for event in decoder.feed(data):
            if event.data == _END:
                return
            said = TextEvent.model_validate_json(event.data)
            if said.error is not None:
                raise failure(said.error)
            for choice in said.choices:
                yield choice


def _chunk(choice: TextChoice) -> TokenChunk:
    """Without the token that ends it, which has no text."""
    said = choice.logprobs or TokenLogprobs()
    written = len(said.token_logprobs) - bool(said.token_logprobs and _ended_by_token(choice))
    return TokenChunk(
        choice.text,
        tuple(0.0 if one is None else one for one in said.token_logprobs[:written]),
        tokens=written if choice.logprobs else len(choice.token_ids or []),
        finish_reason=_finish(choice.finish_reason),
        token_texts=tuple(said.tokens[:written]),
    )


def _ended_by_token(choice: TextChoice) -> bool:
    return choice.finish_reason == "stop" and not isinstance(choice.stop_reason, str)


def _finish(reason: str | None) -> FinishReason | None:
    if reason is None:
        return None
    if reason == "stop":
        return "stop"
    if reason == "length":
        return "length"
    raise BackendError(f"the engine gave up the request ({reason})")


def _content(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise refusal(response)
    return response.content
