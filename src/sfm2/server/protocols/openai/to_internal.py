"""OpenAI's requests as ours: prompts, messages with their content parts, and sampling parameters. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sfm2.config import Settings
from sfm2.errors import PayloadTooLargeError
from sfm2.requests import build
from sfm2.server.http.protocol import FieldError
from sfm2.server.protocols.openai.fim_prompt import parse_fim_prompt
from sfm2.server.protocols.openai.schemas import ChatBody, CompletionBody, Message, Part
from sfm2.types import ChatRequest, CompleteRequest, ConversationMessage, GenerateRequest

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def completion_requests(
    body: CompletionBody, settings: Settings, adapter: str | None
) -> list[GenerateRequest | CompleteRequest]:
    """One request for each prompt. Raises `InvalidRequestError` and its subclasses."""
    limit = settings.limits.max_batch
    if len(body.prompt) > limit:
        raise PayloadTooLargeError(f"prompt: {len(body.prompt):,} prompts; at most {limit:,} are allowed")
    options = {
        **_options(body, body.max_tokens, settings),
        "n": body.best_of or body.n,
        "guard": body.guard,
        "mode": body.mode,
        "language": body.language,
        "logprobs": body.logprobs is not None,
        "adapter": adapter,
    }
    return [_completion_request(prompt, body.suffix, options) for prompt in body.prompt]


def chat_request(body: ChatBody, settings: Settings, adapter: str | None) -> ChatRequest:
    """The request for a conversation. Raises `FieldError` for a message that is not text, and `InvalidRequestError`."""
    options = {**_options(body, max_tokens(body), settings), "n": body.n, "logprobs": body.logprobs, "adapter": adapter}
    messages = [_message(message, f"messages.{i}") for i, message in enumerate(body.messages)]
    return build(ChatRequest, {"messages": messages, **options})


def max_tokens(body: CompletionBody | ChatBody) -> int | None:
    """The requested limit in tokens; 0 only reads the prompt, None takes the server's default."""
    if isinstance(body, CompletionBody):
        return body.max_tokens
    names = (body.max_completion_tokens, body.max_tokens, body.n_predict)
    return next((limit for limit in names if limit is not None), None)


def _completion_request(prompt: str, suffix: str | None, options: dict[str, Any]) -> GenerateRequest | CompleteRequest:
    if suffix is not None:
        return build(CompleteRequest, {"prefix": prompt, "suffix": suffix, **options})
    parsed = parse_fim_prompt(prompt)
    if parsed is None:
        return build(GenerateRequest, {"prompt": prompt, **options})
    hole = {"prefix": parsed.prefix, "suffix": parsed.suffix, "path": parsed.path, "context": parsed.context}
    return build(CompleteRequest, {**hole, **options})


def _options(body: CompletionBody | ChatBody, length: int | None, settings: Settings) -> dict[str, Any]:
    """A limit beyond the server's is lowered, not refused: editors ask for thousands of tokens as a matter of course, and
    `finish_reason` reports it."""
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


def _message(message: Message, field: str) -> ConversationMessage:
    role = _ROLES.get(message.role)
    if role is None:
        raise FieldError(
            f"{field}.role", f"{field}.role: {message.role!r} is not supported: there are no function calls"
        )
    return build(ConversationMessage, {"role": role, "content": _text(message.content, f"{field}.content")})


def _text(content: str | Sequence[Part] | None, field: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    for i, part in enumerate(content):
        if part.type != "text":
            raise FieldError(
                f"{field}.{i}.type",
                f"{field}.{i}.type: {part.type!r} is not supported; expected 'text'",
            )
    return "".join(part.text or "" for part in content)
