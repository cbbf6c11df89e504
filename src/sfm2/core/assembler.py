"""From a stream of token chunks to a completion: stop texts, guard and time limit cut it; tokens are accounted for."""

from __future__ import annotations

import math

from sfm2.core.confidence import features, features_so_far
from sfm2.core.output_filter import NullFilter, OutputFilter, SentenceFilter, TrimFilter
from sfm2.core.policy import OutputPolicy
from sfm2.core.result import GenerationResult
from sfm2.core.time_limit import TimeLimit
from sfm2.core.token_log import TokenLog
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.syntax.guard import Guard
from sfm2.syntax.hole import Hole
from sfm2.syntax.stops import StopTexts
from sfm2.types import FinishReason, GuardReason, GuardReport, TokenLogprob, TokenUsage

UNSURE = -2.0  # log-probability of a line below which it is left out, if code that is whole precedes it
SURE = math.log(0.7)  # mean log-probability of a token from which a draft is kept that a doubtful parser refuses


class StreamAssembler:
    """Takes token chunks, returns what may be shown of them, and has the result in the end.

    What `is_work` for, and `finish` with `result`, is done off the event loop (`syntax_threads.py`).
    """

    def __init__(self, request: GenerationRequest, policy: OutputPolicy) -> None:
        self._request = request
        self._policy = policy
        self._hole = Hole(request.prefix, request.suffix, request.language, request.language_is_guess)
        self._begin()

    def _begin(self) -> None:
        self._stops = StopTexts(self._request.sampling.stop)
        self._filter = self._output_filter()
        self._log = TokenLog()
        self._limit = TimeLimit(self._policy.time_limit)
        self._last = TokenChunk("")
        self._tokens = 0
        self._shown = ""

    def _output_filter(self) -> OutputFilter:
        if self._policy.judges(self._request):
            return Guard(
                self._hole,
                self._policy.mode,
                streams=self._request.streaming,
                is_sure=self._is_sure,
                is_unsure=self._is_unsure,
                time=self._policy.parsing,
            )
        grounds = self._policy.grounds
        if grounds is None:
            return NullFilter()
        return SentenceFilter(grounds) if grounds.facts else TrimFilter()

    @property
    def shown(self) -> bool:
        """Whether any text has been returned by `feed`."""
        return bool(self._shown)

    @property
    def backend(self) -> str:
        """The backend that answers."""
        return self._last.backend or ""

    @property
    def weights(self) -> str | None:
        """Its weights, where known."""
        return self._last.weights

    @property
    def timed_out(self) -> bool:
        """Whether the backend was stopped because it took too long."""
        return self._last.finish_reason == "time"

    @property
    def ended(self) -> bool:
        """Whether the rest of the stream is not wanted."""
        return self._stops.ended or self._filter.ended or self._limit.over

    def is_work(self, chunk: TokenChunk) -> bool:
        """Whether `feed` takes time for it: the guard chooses its grammar at the beginning, and parses when a line ends."""
        if not isinstance(self._filter, Guard):
            return isinstance(self._filter, SentenceFilter)
        begins = not self._tokens or chunk.backend is not None
        return begins or "\n" in self._stops.held + chunk.text

    def feed(self, chunk: TokenChunk) -> str:
        """What may be shown by now. A chunk of another backend starts over."""
        if chunk.backend is not None and self._last.backend is not None:
            self._begin()
        self._last = _merged(self._last, chunk)
        self._tokens += chunk.tokens
        self._log.add(chunk)
        self._limit.feed(chunk.text)
        return self._show(self._filter.feed(self._stops.feed(chunk.text)))

    def finish(self) -> str:
        """The rest that may be shown."""
        shown = self._filter.feed(self._stops.finish())
        rest = self._show(shown + self._filter.finish(self._stream_end() == "stop"))
        self._log.show("", last=True)
        return rest

    def features_so_far(self) -> dict[str, float]:
        """What the confidence of the text that was shown is computed from."""
        return features_so_far(self._shown, self._log.logprobs_of(len(self._shown)), self._hole)

    def take_tokens(self) -> list[TokenLogprob] | None:
        """The tokens of the text that was shown since this was called last."""
        return self._log.take()

    def result(self) -> GenerationResult:
        """The whole, after `finish`."""
        text, last, finish = self._filter.text, self._last, self._stream_end()
        report = self._with_unknown(text, self._report())
        # The end of the block may be seen only in the last tokens.
        ended: FinishReason = "stop" if self._filter.cut else finish
        return GenerationResult(
            text=text,
            backend=self.backend,
            finish_reason=ended,
            tokens=TokenUsage(prompt=last.prompt_tokens or 0, completion=self._tokens),
            guard=report,
            features=features(text, self._log.logprobs_of(len(text)), report, finish, self._hole),
            as_fitted=self._is_as_fitted(report, ended),
            weights=self.weights,
            adapter=last.adapter,
            logprobs=self._log.all,
            prompt_seconds=last.prompt_seconds,
            excerpts=self._request.context[len(self._request.context) - (last.excerpts or 0) :],
        )

    def _stream_end(self) -> FinishReason:
        """Why the stream ended, before the filter's own decision."""
        if self._stops.ended:
            return "stop"
        return self._last.finish_reason or ("time" if self._limit.over else "stop")

    def _is_as_fitted(self, report: GuardReport, finish: FinishReason) -> bool:
        """At temperature 0, judged by the guard, and ended by itself or by a rule."""
        return self._request.sampling.temperature == 0 and report.parses is not None and finish == "stop"

    def _is_sure(self, characters: int) -> bool:
        """Whether the model gave the tokens behind the first `characters` of the stream a high probability on average."""
        known = self._log.logprobs_of(characters)
        return bool(known) and math.fsum(known) / len(known) >= SURE

    def _is_unsure(self, start: int, end: int) -> bool:
        """Whether the model gave these characters of the stream a low probability."""
        return math.fsum(self._log.logprobs_between(start, end)) < UNSURE

    def _report(self) -> GuardReport:
        report = self._filter.report
        if not self._stops.ended:
            return report
        return report.model_copy(update={"reasons": [*report.reasons, GuardReason.STOP_TEXT]})

    def _with_unknown(self, text: str, report: GuardReport) -> GuardReport:
        """The report with what of a completion that parses is not in its repository."""
        if self._policy.unknown is None or not report.parses or not text.strip():
            return report
        unknown = self._policy.unknown(text)
        reasons = [*report.reasons, *([GuardReason.UNKNOWN_NAMES] if unknown else [])]
        return report.model_copy(update={"unknown": unknown, "reasons": reasons})

    def _show(self, text: str) -> str:
        self._shown += text
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
        excerpts=before.excerpts if chunk.excerpts is None else chunk.excerpts,
        backend=chunk.backend or before.backend,
    )
