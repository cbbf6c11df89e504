"""From OpenAI's requests to ours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sfm2.config import Settings
from sfm2.errors import PayloadTooLargeError
from sfm2.requests import build
from sfm2.server.openai.marked import hole_of
from sfm2.server.openai.schemas import ChatBody, CompletionBody, Message, Part
from sfm2.server.problems import FieldError
from sfm2.types import ChatRequest, CompleteRequest, ConversationMessage, GenerateRequest

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def completion_requests(
    body: CompletionBody, settings: Settings, adapter: str | None
) -> list[GenerateRequest | CompleteRequest]:
    """One for each prompt. Raises `InvalidRequestError` classes."""
    limit = settings.limits.max_batch
    if len(body.prompt) > limit:
        raise PayloadTooLargeError(f"prompt: there are {len(body.prompt):,} of them; at most {limit:,} are allowed")
    fields = {
        **_sampling(body, body.max_tokens, settings),
        "n": body.best_of or body.n,
        "guard": body.guard,
        "mode": body.mode,
        "language": body.language,
        "logprobs": body.logprobs is not None,
        "adapter": adapter,
    }
    return [_completion(prompt, body.suffix, fields) for prompt in body.prompt]


def _completion(prompt: str, suffix: str | None, fields: dict[str, Any]) -> GenerateRequest | CompleteRequest:
    if suffix is not None:
        return build(CompleteRequest, {"prefix": prompt, "suffix": suffix, **fields})
    hole = hole_of(prompt)
    if hole is None:
        return build(GenerateRequest, {"prompt": prompt, **fields})
    place = {"prefix": hole.prefix, "suffix": hole.suffix, "path": hole.path, "context": hole.context}
    return build(CompleteRequest, {**place, **fields})


def chat_request(body: ChatBody, settings: Settings, adapter: str | None) -> ChatRequest:
    """Raises `FieldError` for a message that is not text."""
    fields = {**_sampling(body, length_of(body), settings), "n": body.n, "logprobs": body.logprobs, "adapter": adapter}
    turns = [_turn(message, f"messages.{i}") for i, message in enumerate(body.messages)]
    return build(ChatRequest, {"messages": turns, **fields})


def length_of(body: CompletionBody | ChatBody) -> int | None:
    """The tokens asked for: 0 only reads the prompt."""
    if isinstance(body, CompletionBody):
        return body.max_tokens
    wanted = (body.max_completion_tokens, body.max_tokens, body.n_predict)
    return next((one for one in wanted if one is not None), None)


def _sampling(body: CompletionBody | ChatBody, length: int | None, settings: Settings) -> dict[str, Any]:
    """More tokens than the server gives are not refused: editors ask for thousands as a matter of course, and
    `finish_reason` tells."""
    most = settings.generation.max_length
    return {
        "max_length": None if length is None else most if length < 0 else max(1, min(length, most)),
        "temperature": 0.0 if body.top_p == 0 else body.temperature,
        "top_p": body.top_p or None,
        "top_k": None if body.top_k is None else max(0, body.top_k),
        "repetition_penalty": body.repetition_penalty,
        "stop": body.stop,
        "seed": None if body.seed is None else body.seed % 2**63,
    }


def _turn(message: Message, where: str) -> ConversationMessage:
    role = _ROLES.get(message.role)
    if role is None:
        raise FieldError(
            f"{where}.role", f"{where}.role: {message.role!r} is not supported: there are no function calls"
        )
    return build(ConversationMessage, {"role": role, "content": _text(message.content, f"{where}.content")})


def _text(content: str | Sequence[Part] | None, where: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    for i, part in enumerate(content):
        if part.type != "text":
            raise FieldError(
                f"{where}.{i}.type",
                f"{where}.{i}.type: {part.type!r} is not supported; expected 'text'",
            )
    return "".join(part.text or "" for part in content)
