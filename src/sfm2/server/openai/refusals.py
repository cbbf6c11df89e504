"""What would change the answer and can't be had: refused by name, rather than passed over."""

from __future__ import annotations

from typing import Any

from sfm2.server.openai.schemas import ChatBody, CompletionBody
from sfm2.server.problems import FieldError

# The values that ask for nothing; null does so always.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "top_logprobs": (0,),
    "tools": ([],),
    "functions": ([],),
}
_INSTEAD = {
    "tools": "Ask with a client or a mode that does without function calls",
    "functions": "Ask with a client or a mode that does without function calls",
    "presence_penalty": "Leave it out; `repetition_penalty` is there",
    "frequency_penalty": "Leave it out; `repetition_penalty` is there",
}


def check_completion(body: CompletionBody) -> None:
    """Raises `FieldError`."""
    _check_neutral(body)
    if body.logprobs is not None and body.echo:
        raise FieldError(
            "echo",
            "echo: the engine does not tell how likely the tokens of a prompt are, so not together with logprobs",
            suggestion="Ask for one of the two; tasks that score given texts (lm-eval's loglikelihood) can't be run here",
        )
    if (body.logprobs or 0) > 1:
        raise FieldError(
            "logprobs",
            f"logprobs: {body.logprobs} is too much; the engine tells how likely the chosen tokens are, not the others",
            suggestion="Send 1",
        )
    n, best_of = body.n or 1, body.best_of or body.n or 1
    if best_of < n:
        raise FieldError("best_of", f"best_of: {best_of} is less than n, {n}")
    if body.stream and best_of > n:
        raise FieldError(
            "best_of", "best_of: which one is the best is not known before all are whole, so not in a stream"
        )


def check_chat(body: ChatBody) -> None:
    """Raises `FieldError`."""
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
            raise FieldError(name, f"{name}: is not supported", suggestion=_INSTEAD.get(name, "Leave it out"))
