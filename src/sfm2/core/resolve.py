"""From a request on the wire to what a backend gets and what the core decides: defaults, limits, language. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, Protocol, TypeVar

from sfm2 import languages
from sfm2.config import Settings
from sfm2.core.policy import OutputPolicy
from sfm2.errors import InvalidRequestError, PayloadTooLargeError
from sfm2.explaining import Grounds, read
from sfm2.generation import Excerpt, GenerationRequest, Priority
from sfm2.prompts import explanation_messages
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.syntax.recognition import recognise
from sfm2.syntax.window import trim
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

R = TypeVar("R", bound=GenerateRequest | CompleteRequest | ExplainRequest | ChatRequest, contravariant=True)

EXPLAIN_LENGTH = 300  # tokens; an explanation is longer than the line of code that defaults are made for
EXPLAIN_TEMPERATURE = 0.0  # what code does is no matter of taste
_LITTLE = 0.05  # temperature at which a token of half the likelihood is drawn once in a million times


class Resolved(NamedTuple):
    """A request with its defaults filled in, in two halves."""

    request: GenerationRequest
    policy: OutputPolicy


class Resolve(Protocol[R]):
    """What fills in the defaults of one kind of request. `time`: what parsing may take, from here to the answer."""

    def __call__(
        self, request: R, settings: Settings, *, streaming: bool = False, time: ParsingTime | None = None
    ) -> Resolved: ...


def resolve_completion(
    request: GenerateRequest | CompleteRequest,
    settings: Settings,
    *,
    streaming: bool = False,
    time: ParsingTime | None = None,
) -> Resolved:
    """Raises `InvalidRequestError` for what the configuration does not allow."""
    time = time or ParsingTime()
    prefix, suffix, path = _parts(request, settings)
    completing = request if isinstance(request, CompleteRequest) else None
    recognised = recognise(prefix, suffix, language=request.language, path=path, time=time)
    untold = _is_untold(prefix + suffix, recognised.language, path)
    return Resolved(
        GenerationRequest(
            prefix=prefix,
            suffix=suffix,
            language=recognised.language,
            language_is_guess=recognised.is_guess,
            path=path or (languages.typical_name(recognised.language) if untold else None),
            name_file=untold,
            context=tuple(Excerpt(one.text, one.path) for one in completing.context) if completing else (),
            context_tokens=settings.repository.tokens,
            sampling=_sampling(request, settings),
            adapter=request.adapter,
            truncate=completing is not None,
            streaming=streaming,
            priority=Priority.TYPING if completing and (request.n or 1) == 1 else Priority.ANSWER,
            by_line=request.guard is not False,
        ),
        OutputPolicy(
            guard=request.guard is not False,
            mode=request.mode or (Mode.BLOCK if completing else Mode.FUNCTION),
            time_limit=completing.time_limit if completing else None,
            logprobs=bool(request.logprobs),
            min_confidence=settings.fallback.min_confidence,
            parsing=time,
        ),
    )


def resolve_chat(
    request: ChatRequest, settings: Settings, *, streaming: bool = False, time: ParsingTime | None = None
) -> Resolved:
    """The next message of a conversation; as long as the model likes, unless the request says how long."""
    check_size("".join(message.content for message in request.messages), settings)
    sampling = _sampling(request, settings)
    if not request.max_length:
        sampling = replace(sampling, max_length=settings.generation.max_length)
    return Resolved(
        GenerationRequest(
            messages=tuple(request.messages), sampling=sampling, adapter=request.adapter, streaming=streaming
        ),
        OutputPolicy(guard=False, logprobs=bool(request.logprobs), parsing=time or ParsingTime()),
    )


def resolve_explanation(
    request: ExplainRequest, settings: Settings, *, streaming: bool = False, time: ParsingTime | None = None
) -> Resolved:
    """The question about a piece of code, as a conversation."""
    check_size(request.code, settings)
    time = time or ParsingTime()
    language = recognise(request.code, language=request.language, time=time).language
    length = request.max_length or min(EXPLAIN_LENGTH, settings.generation.max_length)
    _check_length(length, settings)
    grounds = Grounds(request.code, read(request.code, language, time))
    return Resolved(
        GenerationRequest(
            messages=explanation_messages(request.code, language, grounds.reading),
            language=language,
            sampling=SamplingParams(max_length=length, temperature=EXPLAIN_TEMPERATURE),
            streaming=streaming,
        ),
        OutputPolicy(guard=False, grounds=grounds, parsing=time),
    )


def code_size(request: GenerateRequest | CompleteRequest | ExplainRequest | ChatRequest) -> int:
    """The characters of code in a request."""
    match request:
        case CompleteRequest():
            return len(request.prefix) + len(request.suffix)
        case GenerateRequest():
            return len(request.prompt) + len(request.suffix or "")
        case ExplainRequest():
            return len(request.code)
        case ChatRequest():
            return sum(len(message.content) for message in request.messages)


def check_size(text: str, settings: Settings) -> None:
    """Raises `PayloadTooLargeError` for text over `limits.max_prompt` characters."""
    limit = settings.limits.max_prompt
    if len(text) > limit:
        raise PayloadTooLargeError(f"the prompt has {len(text):,} characters; at most {limit:,} are allowed")


def is_deterministic(request: GenerationOptions | ExplainRequest, settings: Settings) -> bool:
    """Whether the same request has the same answer, as far as backends keep to it: nothing is drawn, or with a seed."""
    if isinstance(request, ExplainRequest):
        return True
    sampling = request.resolve(_defaults(request, settings))
    return sampling.temperature == 0 or sampling.seed is not None


def draws_little(request: GenerationOptions, settings: Settings) -> bool:
    """Whether its answer is as good as deterministic: editors that can't say 0 ask with a temperature of 0.01 (Continue)."""
    return is_deterministic(request, settings) or request.resolve(_defaults(request, settings)).temperature <= _LITTLE


def _sampling(request: GenerationOptions, settings: Settings) -> SamplingParams:
    resolved = request.resolve(_defaults(request, settings))
    _check_length(resolved.max_length, settings)
    return resolved


def _defaults(request: GenerationOptions, settings: Settings) -> SamplingParams:
    """Completing as one types should give the same twice, so its default temperature is another one."""
    generation = settings.generation
    defaults = replace(generation.sampling, max_length=min(generation.default_max_length, generation.max_length))
    if isinstance(request, CompleteRequest):
        defaults = replace(defaults, temperature=generation.complete_temperature)
    return defaults


def _check_length(length: int, settings: Settings) -> None:
    limit = settings.generation.max_length
    if length > limit:
        raise InvalidRequestError(f"max_length: {length:,} is too much; expected 1 to {limit:,} new tokens")


def _is_untold(code: str, language: Language | None, path: str | None) -> bool:
    """Whether the language is known and the code does not tell it: there is none, or it looks as much like another's.

    Models write Python where they are not told (measured: `benchmarks/LOG.md`), so that needs no telling.
    """
    if not code.strip():
        return bool(path or language)
    if path is not None or language in (None, Language.PYTHON):
        return False
    looks = languages.lookalikes(code)
    return any(count >= looks.get(language, 0) for other, count in looks.items() if other != language)


def _parts(request: GenerateRequest | CompleteRequest, settings: Settings) -> tuple[str, str, str | None]:
    """Prefix, suffix, path: of a file that is too long what is near the hole. Raises `PayloadTooLargeError` for a prompt."""
    if isinstance(request, CompleteRequest):
        return *trim(request.prefix, request.suffix, settings.limits.max_prompt), request.path
    prefix, suffix = request.prompt, request.suffix or ""
    check_size(prefix + suffix, settings)
    return prefix, suffix, None


def choices(resolved: Resolved, n: int) -> list[Resolved]:
    """`n` times the same; with a seed, each has its own, derived from it."""
    request, seed = resolved.request, resolved.request.sampling.seed
    if seed is None:
        return [resolved] * n
    return [
        resolved._replace(request=replace(request, sampling=replace(request.sampling, seed=seed + i))) for i in range(n)
    ]
