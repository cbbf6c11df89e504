"""Requests -> what a backend is asked: defaults filled in, limits checked, the language found. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from sfm2.backends.base import Ask
from sfm2.config import Settings
from sfm2.errors import InvalidRequestError, PayloadTooLargeError
from sfm2.prompts import explanation_turns
from sfm2.syntax import languages
from sfm2.types import ChatRequest, CompleteRequest, ExplainRequest, GenerateRequest, GenerationOptions, Language, Mode

T = TypeVar("T")
EXPLAIN_LENGTH = 300  # tokens; an explanation is longer than the line of code that defaults are made for
EXPLAIN_TEMPERATURE = 0.2


def ask_for(request: GenerateRequest | CompleteRequest, settings: Settings, interactive: bool = False) -> Ask:
    """What to ask the backends. Raises `InvalidRequestError` for what the configuration does not allow."""
    prefix, suffix, language = _parts(request)
    check_size(prefix + suffix, settings)
    return replace(
        _sampled(request, settings),
        prefix=prefix,
        suffix=suffix,
        language=language,
        mode=request.mode or (Mode.BLOCK if isinstance(request, CompleteRequest) else Mode.FUNCTION),
        interactive=interactive,
        **_of_an_editor(request),
    )


def ask_to_chat(request: ChatRequest, settings: Settings, interactive: bool = False) -> Ask:
    """What comes next in a conversation; as long as the model likes, unless the request says how long."""
    check_size("".join(turn.content for turn in request.messages), settings)
    ask = _sampled(request, settings)
    return replace(
        ask,
        kind="chat",
        turns=tuple(request.messages),
        guard=False,
        max_length=ask.max_length if request.max_length else settings.generation.max_length,
        interactive=interactive,
    )


def _sampled(request: GenerationOptions, settings: Settings) -> Ask:
    """How tokens are chosen, and nothing else yet."""
    defaults = settings.generation
    return Ask(
        max_length=_length(request, settings),
        temperature=_or(request.temperature, _temperature(request, settings)),
        top_p=_or(request.top_p, defaults.default_top_p),
        top_k=_or(request.top_k, defaults.default_top_k),
        repetition_penalty=_or(request.repetition_penalty, defaults.default_repetition_penalty),
        stop=tuple(request.stop or ()),
        seed=request.seed,
        adapter=request.adapter,
        guard=request.guard is not False,
        logprobs=bool(request.logprobs),
    )


def _of_an_editor(request: GenerateRequest | CompleteRequest) -> dict[str, Any]:
    if isinstance(request, GenerateRequest):
        return {}
    return {"path": request.path, "context": tuple(request.context), "time_limit": request.time_limit, "trim": True}


def ask_to_explain(request: ExplainRequest, settings: Settings) -> Ask:
    """The question about a piece of code, for a backend's chat form."""
    check_size(request.code, settings)
    language = request.language or languages.guess(request.code)
    length = _or(request.max_length, min(EXPLAIN_LENGTH, settings.generation.max_length))
    _check_length(length, settings)
    return Ask(
        turns=explanation_turns(
            f"Explain what this {language or ''} code does, in a few plain sentences.\n\n"
            f"```{language or ''}\n{request.code}\n```"
        ),
        kind="chat",
        language=language,
        max_length=length,
        temperature=EXPLAIN_TEMPERATURE,
    )


def check_size(text: str, settings: Settings) -> None:
    """Raises `PayloadTooLargeError` for text over `limits.max_prompt` characters."""
    limit = settings.limits.max_prompt
    if len(text) > limit:
        raise PayloadTooLargeError(f"the prompt has {len(text):,} characters; at most {limit:,} are allowed")


def _parts(request: GenerateRequest | CompleteRequest) -> tuple[str, str, Language | None]:
    if isinstance(request, GenerateRequest):
        return request.prompt, request.suffix or "", request.language or languages.guess(request.prompt)
    by_path = languages.of_path(request.path) if request.path else None
    language = request.language or by_path or languages.guess(request.prefix + request.suffix)
    return request.prefix, request.suffix, language


def _temperature(request: GenerationOptions, settings: Settings) -> float:
    """Who completes while somebody types is to say the same twice; who generates may vary."""
    defaults = settings.generation
    return defaults.complete_temperature if isinstance(request, CompleteRequest) else defaults.default_temperature


def _length(request: GenerationOptions, settings: Settings) -> int:
    length = _or(request.max_length, min(settings.generation.default_max_length, settings.generation.max_length))
    _check_length(length, settings)
    return length


def _check_length(length: int, settings: Settings) -> None:
    limit = settings.generation.max_length
    if length > limit:
        raise InvalidRequestError(f"max_length: {length:,} is too much; expected 1 to {limit:,} new tokens")


def _or(value: T | None, default: T) -> T:
    return default if value is None else value
