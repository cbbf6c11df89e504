"""From a stream of token chunks to a completion: stop texts, guard and time limit cut it; tokens are accounted for."""

from __future__ import annotations

from sfm2.core.confidence import features
from sfm2.core.output_filter import NullFilter, OutputFilter
from sfm2.core.policy import OutputPolicy
from sfm2.core.result import GenerationResult
from sfm2.core.time_limit import TimeLimit
from sfm2.core.token_log import TokenLog
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.syntax.guard import Guard
from sfm2.syntax.hole import Hole
from sfm2.syntax.stops import StopTexts
from sfm2.types import FinishReason, GuardReason, GuardReport, TokenLogprob, TokenUsage


class StreamAssembler:
    """Takes token chunks, returns what may be shown of them, and has the result in the end."""

    def __init__(self, request: GenerationRequest, policy: OutputPolicy) -> None:
        self._request = request
        self._policy = policy
        self._hole = Hole(request.prefix, request.suffix, request.language)
        self._begin()

    def _begin(self) -> None:
        request, policy = self._request, self._policy
        guarded = policy.guard and not request.is_chat
        self._stops = StopTexts(request.sampling.stop)
        self._filter: OutputFilter = (
            Guard(self._hole, policy.mode, streams=request.streaming) if guarded else NullFilter()
        )
        self._log = TokenLog()
        self._limit = TimeLimit(policy.time_limit)
        self._last = TokenChunk("")
        self._tokens = 0
        self._shown_characters = 0

    @property
    def shown(self) -> bool:
        """Whether any text has been returned by `feed`."""
        return self._shown_characters > 0

    @property
    def ended(self) -> bool:
        """Whether the rest of the stream is not wanted."""
        return self._stops.ended or self._filter.ended or self._limit.over

    def feed(self, chunk: TokenChunk) -> str:
        """What may be shown by now. A chunk of another backend starts over."""
        if chunk.backend is not None and self._last.backend is not None:
            self._begin()
        self._last = _merged(self._last, chunk)
        self._tokens += chunk.tokens
        self._log.add(chunk)
        if self._limit.feed(chunk.text):
            self._last = _merged(self._last, TokenChunk("", finish_reason="length"))
        return self._show(self._filter.feed(self._stops.feed(chunk.text)))

    def finish(self) -> str:
        """The rest that may be shown."""
        model_ended = self._stops.ended or self._last.finish_reason != "length"
        shown = self._filter.feed(self._stops.finish())
        rest = self._show(shown + self._filter.finish(model_ended))
        self._log.show("", last=True)
        return rest

    def take_tokens(self) -> list[TokenLogprob] | None:
        """The tokens of the text that was shown since this was called last."""
        return self._log.take()

    def result(self) -> GenerationResult:
        """The whole, after `finish`."""
        text, last, report = self._filter.text, self._last, self._report()
        finish: FinishReason = "stop" if self.ended and last.finish_reason != "length" else last.finish_reason or "stop"
        return GenerationResult(
            text=text,
            backend=last.backend or "",
            # The end of the block may be seen only in the last tokens.
            finish_reason="stop" if self._filter.cut else finish,
            tokens=TokenUsage(prompt=last.prompt_tokens or 0, completion=self._tokens),
            guard=report,
            features=features(text, self._log.logprobs_of(len(text)), report, finish, self._hole),
            weights=last.weights,
            adapter=last.adapter,
            logprobs=self._log.all,
            prompt_seconds=last.prompt_seconds,
        )

    def _report(self) -> GuardReport:
        report = self._filter.report
        if not self._stops.ended:
            return report
        return report.model_copy(update={"reasons": [*report.reasons, GuardReason.STOP_TEXT]})

    def _show(self, text: str) -> str:
        self._shown_characters += len(text)
        self._log.show(text)
        return text


def _merged(before: TokenChunk, chunk: TokenChunk) -> TokenChunk:
    """What is known of the whole stream after `chunk`."""
    return TokenChunk(
        "",
        finish_reason=chunk.finish_reason or before.finish_reason,
        prompt_tokens=chunk.prompt_tokens or before.prompt_tokens,
        prompt_seconds=chunk.prompt_seconds or before.prompt_seconds,
        weights=chunk.weights or before.weights,
        adapter=chunk.adapter or before.adapter,
        backend=chunk.backend or before.backend,
    )
