"""The client of the engine's protocol; a llama.cpp server, here or elsewhere, understands it as well."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from sfm2.engine.state import Address
from sfm2.errors import (
    AdapterError,
    BackendError,
    BackendLoadingError,
    BackendOverloadedError,
    BackendTimeoutError,
    PromptTooLongError,
)
from sfm2.sse import Decoder

_TOO_LONG = "exceed_context_size_error"  # llama.cpp's type for a prompt beyond the window
_ADAPTER_FAILED = "adapter_error"  # our engine's, for one that can't be loaded or does not work
_CONNECT_TIMEOUT = 5.0  # seconds


class EngineClient:
    """Raises `BackendError` classes for an engine that cannot answer, `PromptTooLongError` for a prompt beyond its window,
    `AdapterError` for an adapter that does not work.

    `timeout` is in seconds, for each wait on the connection.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
        self._http = httpx.AsyncClient(
            base_url=address.url,
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=_CONNECT_TIMEOUT),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            trust_env=False,  # a proxy has no business between us and the engine
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def completion(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The events of a streamed completion; the last one has `stop` true. Closing it cancels the work."""
        decoder = Decoder()
        async with (
            _translated(),
            self._http.stream("POST", "/completion", json={**request, "stream": True}) as response,
        ):
            if response.status_code != httpx.codes.OK:
                await response.aread()
                raise _refusal(response)
            async for chunk in response.aiter_bytes():
                for event in decoder.feed(chunk):
                    body = json.loads(event.data)
                    if "error" in body:
                        raise _failure(body["error"])
                    yield body
                    if body.get("stop"):
                        return
        raise BackendError("the engine closed the stream before its end; it may have died")

    async def tokenize(self, text: str, parse_special: bool = True) -> list[int]:
        """Token ids; special tokens in the text count as such, or are only text."""
        body = await self._post("/tokenize", {"content": text, "add_special": False, "parse_special": parse_special})
        return list(body["tokens"])

    async def chat_prompt(self, messages: list[dict[str, str]]) -> str:
        """The messages in the form that the weights were trained on."""
        return str((await self._post("/apply-template", {"messages": messages}))["prompt"])

    async def properties(self) -> dict[str, Any]:
        """llama.cpp's `/props`."""
        async with _translated():
            response = await self._http.get("/props")
        return _body(response)

    async def check(self) -> None:
        """Raises `BackendLoadingError` while weights load, `BackendError` when nothing answers."""
        async with _translated():
            response = await self._http.get("/health", timeout=_CONNECT_TIMEOUT)
        _body(response)

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with _translated():
            response = await self._http.post(path, json=body)
        return _body(response)


def _body(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != httpx.codes.OK:
        raise _refusal(response)
    body: dict[str, Any] = response.json()
    return body


def _refusal(response: httpx.Response) -> BackendError | PromptTooLongError:
    error = _error_of(response)
    message = str(error.get("message", f"status {response.status_code}"))
    if error.get("type") == _TOO_LONG:
        return PromptTooLongError(message, details={k: error[k] for k in ("n_prompt_tokens", "n_ctx") if k in error})
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return BackendLoadingError(f"the engine is loading: {message}")
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return BackendOverloadedError(f"the engine has too much to do: {message}", retry_after=1.0)
    return BackendError(f"the engine refused: {message}")


def _failure(error: dict[str, Any]) -> BackendError | AdapterError:
    """In the middle of a stream."""
    if error.get("type") == _ADAPTER_FAILED:
        return AdapterError(str(error.get("message")), suggestion="Make the adapter anew, or ask for another")
    return BackendError(f"the engine failed: {error.get('message')}")


def _error_of(response: httpx.Response) -> dict[str, Any]:
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """httpx's errors as ours."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise BackendTimeoutError("the engine did not answer in time") from error
    except httpx.HTTPError as error:
        raise BackendError(f"the engine cannot be reached or died: {type(error).__name__}") from error
