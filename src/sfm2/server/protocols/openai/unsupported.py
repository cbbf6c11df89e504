"""Whole fields that would change the answer and are not supported: they are refused by name instead of ignored."""

from __future__ import annotations

from typing import Any

from sfm2.server.http.protocol import FieldError
from sfm2.server.protocols.openai.schemas import ChatBody, CompletionBody

# Values that ask for nothing, and so are accepted; null always is.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "top_logprobs": (0,),
    "tools": ([],),
    "functions": ([],),
}
_SUGGESTIONS = {
    "tools": "Use a client or a mode without function calls",
    "functions": "Use a client or a mode without function calls",
    "presence_penalty": "Leave it out; `repetition_penalty` is supported",
    "frequency_penalty": "Leave it out; `repetition_penalty` is supported",
}


def check_completion(body: CompletionBody) -> None:
    """Refuse unsupported options of a completion. Raises `FieldError`."""
    _check_neutral(body)
    if body.logprobs is not None and body.echo:
        raise FieldError(
            "echo",
            "echo: not supported together with logprobs, because the engine does not report log-probabilities of a prompt",
            suggestion="Send one of the two. Tasks that score given texts (lm-eval's loglikelihood) can't be run here",
        )
    if (body.logprobs or 0) > 1:
        raise FieldError(
            "logprobs",
            f"logprobs: {body.logprobs} is too many; the engine reports log-probabilities of the chosen tokens only",
            suggestion="Send 1",
        )
    n, best_of = body.n or 1, body.best_of or body.n or 1
    if best_of < n:
        raise FieldError("best_of", f"best_of: {best_of} is less than n, {n}")
    if body.stream and best_of > n:
        raise FieldError(
            "best_of", "best_of: not supported in a stream, because the best is known only when all are complete"
        )


def check_chat(body: ChatBody) -> None:
    """Refuse unsupported options of a conversation. Raises `FieldError`."""
    if body.tool_choice != "none":
        _check_neutral(body)
    else:
        _check_neutral(body.model_copy(update={"tools": None, "functions": None}))
    if body.response_format is not None and body.response_format.type != "text":
        raise FieldError(
            "response_format.type",
            f"response_format.type: {body.response_format.type!r} is not supported; expected 'text'",
            suggestion="Ask for JSON in the message itself",
        )


def _check_neutral(body: CompletionBody | ChatBody) -> None:
    for name, neutral in _NEUTRAL.items():
        value = getattr(body, name, None)
        if value is not None and value not in neutral:
            raise FieldError(name, f"{name}: not supported", suggestion=_SUGGESTIONS.get(name, "Leave it out"))
