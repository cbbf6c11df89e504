"""OpenVINO GenAI's continuous batching: one compiled model, with or without an adapter, and the jobs that it works on.

It is not thread-safe; the worker's thread owns it. A step is one token for every running job, or a piece of a prompt.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino
import openvino_genai as genai

from sfm2.engines.base import AdapterFile
from sfm2.engines.llama_cpp.wire import ADAPTER_FAILED, ENGINE_FAILED, REFUSED, TOO_LONG
from sfm2.engines.openvino.complaints import OPENVINO_ERRORS, plain
from sfm2.engines.openvino.mapped import give_back
from sfm2.engines.openvino.presets import Preset
from sfm2.engines.openvino.sampling import RefusedValuesError, generation_config
from sfm2.engines.openvino.vocabulary import TokenText, Vocabulary
from sfm2.generation import Priority
from sfm2.models.facts import ModelFacts
from sfm2.syntax.stops import StopTexts
from sfm2.types import SamplingParams

BLOCK_TOKENS = 32  # tokens of one KV block on CPU (OpenVINO GenAI's `ContinuousBatchingPipeline`)
_LINE_TOKENS = 32  # a line longer than this is sent in parts

StopType = Literal["eos", "limit", "word"]


@dataclass(frozen=True)
class JobOutput:
    """New text of one job, and the tokens behind it."""

    text: str = ""
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    stop_type: StopType | None = None
    """Why the job ended; with its last output."""
    error: str | None = None
    """What failed, in place of a `stop_type`."""
    fault: str = ENGINE_FAILED
    """Whose fault it is: a type of error of the protocol."""
    prompt_seconds: float | None = None
    """From the job's start to its first token."""
    wait_seconds: float | None = None
    """From its arrival to its start."""

    @property
    def last(self) -> bool:
        """Whether the job has ended."""
        return self.stop_type is not None or self.error is not None


@dataclass(eq=False)
class Job:
    """A completion in progress."""

    ids: Sequence[int]
    """Token ids of the prompt."""
    sampling: SamplingParams
    sink: Callable[[JobOutput], None]
    """Called on the worker's thread."""
    by_line: bool = False
    """Hand out text line by line rather than token by token."""
    adapter: AdapterFile | None = None
    priority: Priority = Priority.ANSWER
    until: float = math.inf
    """When nobody waits for it any more, by `time.monotonic`."""
    expected: float = 0.0
    """Tokens that it is expected to write."""
    handle: Any = None
    """OpenVINO's, once the job is in a pipeline."""
    text: TokenText = field(init=False)
    stops: StopTexts = field(init=False)
    written: list[int] = field(default_factory=list)
    """Token ids so far."""
    held: list[tuple[str, int, float]] = field(default_factory=list)
    """Text, token id and log-probability of what has not been handed out yet."""
    arrived: float = field(default_factory=time.perf_counter)
    started: float = 0.0
    prompt_seconds: float | None = None

    @property
    def can_pause(self) -> bool:
        """Whether it writes the same when it goes on from what it has written: a sequence of random numbers is not kept."""
        return self.sampling.temperature == 0 or self.sampling.seed is None


@dataclass(frozen=True)
class PipelineConfig:
    """What all pipelines of an engine have in common."""

    folder: Path
    facts: ModelFacts
    preset: Preset
    device: str
    cache_bytes: int
    """Memory for the keys and values of one pipeline."""
    context: int
    """Window in tokens."""


class Pipeline:
    """Loads when it is built. Raises RuntimeError, as OpenVINO does, for a model or an adapter that it can't load."""

    def __init__(self, config: PipelineConfig, vocabulary: Vocabulary, adapter: AdapterFile | None) -> None:
        self._config = config
        self._vocabulary = vocabulary
        self._running: list[Job] = []
        self._ids = count(1)
        self._stop_ids = set(config.facts.stop_token_ids)
        self.cache_use = 0.0
        """Share of its memory for keys and values that was in use at its last step"""
        properties: dict[str, Any] = dict(config.preset.properties)
        if adapter is not None:
            # Static: OpenVINO's steps don't switch adapters, and its cache of prefixes does not distinguish them, so each
            # adapter has a pipeline to itself. (Dynamic ones also take longer for prompts: benchmarks/LOG.md.)
            chosen = genai.AdapterConfig(genai.AdapterConfig.Mode.MODE_STATIC)
            chosen.add(genai.Adapter(str(adapter.path)), adapter.scale)
            properties["adapters"] = chosen
        self.warmed = 0
        """Tokens that it wrote before its first job"""
        self._pipeline = genai.ContinuousBatchingPipeline(
            config.folder, vocabulary.tokenizer, self._scheduler(), config.device, **properties
        )
        self._warm_up()
        give_back(config.folder)

    @property
    def load(self) -> int:
        """Jobs that run or wait in it."""
        return len(self._running)

    @property
    def jobs(self) -> Sequence[Job]:
        """Those that run or wait in it."""
        return self._running

    def add(self, job: Job) -> None:
        """Begin `job`, or go on with it. One that OpenVINO refuses ends with an error, and harms no other."""
        if job.handle is None:
            job.text = TokenText(self._vocabulary)
            job.stops = StopTexts(job.sampling.stop)
            job.started = time.perf_counter()
        ids = openvino.Tensor(np.asarray([[*job.ids, *job.written]], np.int64))
        sampling = replace(job.sampling, max_length=job.sampling.max_length - len(job.written))
        try:
            job.handle = self._pipeline.add_request(next(self._ids), ids, generation_config(sampling, self._stop_ids))
        except (*OPENVINO_ERRORS, RefusedValuesError) as error:
            job.sink(JobOutput(error=plain(error), fault=REFUSED))
            return
        self._running.append(job)

    def drop(self, job: Job) -> bool:
        """Cancel `job`; returns whether it was here."""
        if job not in self._running:
            return False
        self._running.remove(job)
        job.handle.cancel()
        return True

    def fail(self, error: str) -> None:
        """End all jobs: the adapter does not work."""
        for job in self._running:
            job.sink(JobOutput(error=error, fault=ADAPTER_FAILED))
        self._running.clear()

    def step(self) -> bool:
        """Generate one more token for each job; returns whether anything was handed out."""
        if not self._pipeline.has_non_finished_requests():
            return False
        self._pipeline.step()
        self.cache_use = self._pipeline.get_metrics().cache_usage / 100
        return self._deliver()

    @property
    def busy(self) -> bool:
        """Whether there is work to do."""
        return bool(self._running) or self._pipeline.has_non_finished_requests()

    def _warm_up(self) -> None:
        """The first steps allocate and compile, for seconds; better now than during the first request.

        The handle must be held: a request without one is dropped before its first step.
        """
        config = generation_config(SamplingParams(max_length=2), self._stop_ids)
        ids = np.ones((1, min(BLOCK_TOKENS, self._config.context - 2)), np.int64)
        handle = self._pipeline.add_request(0, openvino.Tensor(ids), config)
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        self.warmed = sum(len(output.generated_ids) for output in handle.read_all())

    def _deliver(self) -> bool:
        sent = False
        for job in list(self._running):
            if job.handle.can_read():
                for output in job.handle.read().values():
                    sent |= self._deliver_output(job, output)
            elif job.handle.get_status() != genai.GenerationStatus.RUNNING:
                error = "the prompt does not fit into the engine's memory; raise models.sfm2.max_memory"
                self._end(job, error=error, fault=TOO_LONG)
        return sent

    def _deliver_output(self, job: Job, output: Any) -> bool:
        job.prompt_seconds = job.prompt_seconds or time.perf_counter() - job.started
        ended: StopType | None = None
        for token, logprob in zip(output.generated_ids, output.generated_log_probs, strict=True):
            if token in self._stop_ids:
                ended = "eos"
                break
            job.written.append(token)
            job.held.append((job.stops.feed(job.text.feed(token)), token, logprob))
            if job.stops.ended:
                ended = "word"
                break
        if ended is None and output.finish_reason == genai.GenerationFinishReason.LENGTH:
            ended = "limit"
        if ended:
            self._end(job, ended)
            return True
        if job.by_line and not _line_complete(job.held):
            return False
        job.sink(_output(job))
        job.held.clear()
        return True

    def _end(
        self, job: Job, stop_type: StopType | None = None, error: str | None = None, fault: str = ENGINE_FAILED
    ) -> None:
        rest = job.stops.feed(job.text.finish()) + job.stops.finish()
        self._running.remove(job)
        job.handle.cancel()
        job.sink(_output(job, rest, stop_type, error, fault))

    def _scheduler(self) -> Any:
        config = genai.SchedulerConfig()
        token = self._config.facts.kv_bytes_per_token(self._config.preset.kv_bits)
        config.num_kv_blocks = max(1, self._config.cache_bytes // (BLOCK_TOKENS * token))
        for name, value in self._config.preset.scheduler.items():
            setattr(config, name, value)
        return config


def _line_complete(held: Sequence[tuple[str, int, float]]) -> bool:
    return len(held) >= _LINE_TOKENS or any("\n" in text for text, _, _ in held)


def _output(
    job: Job,
    rest: str = "",
    stop_type: StopType | None = None,
    error: str | None = None,
    fault: str = ENGINE_FAILED,
) -> JobOutput:
    return JobOutput(
        "".join(text for text, _, _ in job.held) + rest,
        tuple(token for _, token, _ in job.held),
        tuple(logprob for _, _, logprob in job.held),
        stop_type,
        error,
        fault,
        prompt_seconds=job.prompt_seconds,
        wait_seconds=job.started - job.arrived,
    )
