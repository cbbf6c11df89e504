"""From a request on the wire to what a backend gets and what the core decides: defaults, limits, language. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sfm2 import languages
from sfm2.config import Settings
from sfm2.core.policy import OutputPolicy
from sfm2.errors import InvalidRequestError, PayloadTooLargeError
from sfm2.generation import GenerationRequest
from sfm2.prompts import explanation_messages
from sfm2.types import (
    ChatRequest,
    CompleteRequest,
    ExplainRequest,
    GenerateRequest,
    GenerationOptions,
    Language,
    Mode,
    SamplingParams,
)

EXPLAIN_LENGTH = 300  # tokens; an explanation is longer than the line of code that defaults are made for
EXPLAIN_TEMPERATURE = 0.2


class Resolved(NamedTuple):
    """A request with its defaults filled in, in two halves."""

    request: GenerationRequest
    policy: OutputPolicy


def resolve_completion(
    request: GenerateRequest | CompleteRequest, settings: Settings, *, streaming: bool = False
) -> Resolved:
    """Raises `InvalidRequestError` for what the configuration does not allow."""
    prefix, suffix, language = _parts(request)
    check_size(prefix + suffix, settings)
    completing = request if isinstance(request, CompleteRequest) else None
    return Resolved(
        GenerationRequest(
            prefix=prefix,
            suffix=suffix,
            language=language,
            path=completing.path if completing else None,
            context=tuple(completing.context) if completing else (),
            sampling=_sampling(request, settings),
            adapter=request.adapter,
            truncate=completing is not None,
            streaming=streaming,
        ),
        OutputPolicy(
            guard=request.guard is not False,
            mode=request.mode or (Mode.BLOCK if completing else Mode.FUNCTION),
            time_limit=completing.time_limit if completing else None,
            logprobs=bool(request.logprobs),
            min_confidence=settings.fallback.min_confidence,
        ),
    )


def resolve_chat(request: ChatRequest, settings: Settings, *, streaming: bool = False) -> Resolved:
    """The next message of a conversation; as long as the model likes, unless the request says how long."""
    check_size("".join(message.content for message in request.messages), settings)
    sampling = _sampling(request, settings)
    if not request.max_length:
        sampling = replace(sampling, max_length=settings.generation.max_length)
    return Resolved(
        GenerationRequest(
            messages=tuple(request.messages), sampling=sampling, adapter=request.adapter, streaming=streaming
        ),
        OutputPolicy(guard=False, logprobs=bool(request.logprobs)),
    )


def resolve_explanation(request: ExplainRequest, settings: Settings) -> Resolved:
    """The question about a piece of code, as a conversation."""
    check_size(request.code, settings)
    language = request.language or languages.guess(request.code)
    length = request.max_length or min(EXPLAIN_LENGTH, settings.generation.max_length)
    _check_length(length, settings)
    question = (
        f"Explain what this {language or ''} code does, in a few plain sentences.\n\n"
        f"```{language or ''}\n{request.code}\n```"
    )
    sampling = SamplingParams(max_length=length, temperature=EXPLAIN_TEMPERATURE)
    return Resolved(
        GenerationRequest(messages=explanation_messages(question), language=language, sampling=sampling),
        OutputPolicy(guard=False),
    )


def check_size(text: str, settings: Settings) -> None:
    """Raises `PayloadTooLargeError` for text over `limits.max_prompt` characters."""
    limit = settings.limits.max_prompt
    if len(text) > limit:
        raise PayloadTooLargeError(f"the prompt has {len(text):,} characters; at most {limit:,} are allowed")


def _sampling(request: GenerationOptions, settings: Settings) -> SamplingParams:
    """Completing as one types should give the same twice, so its default temperature is another one."""
    generation = settings.generation
    defaults = replace(generation.sampling, max_length=min(generation.default_max_length, generation.max_length))
    if isinstance(request, CompleteRequest):
        defaults = replace(defaults, temperature=generation.complete_temperature)
    resolved = request.resolve(defaults)
    _check_length(resolved.max_length, settings)
    return resolved


def _check_length(length: int, settings: Settings) -> None:
    limit = settings.generation.max_length
    if length > limit:
        raise InvalidRequestError(f"max_length: {length:,} is too much; expected 1 to {limit:,} new tokens")


def _parts(request: GenerateRequest | CompleteRequest) -> tuple[str, str, Language | None]:
    """Prefix, suffix, language."""
    if isinstance(request, GenerateRequest):
        return request.prompt, request.suffix or "", request.language or languages.guess(request.prompt)
    by_path = languages.of_path(request.path) if request.path else None
    language = request.language or by_path or languages.guess(request.prefix + request.suffix)
    return request.prefix, request.suffix, language
