"""OpenVINO GenAI's continuous batching: one compiled model, with or without an adapter, and the jobs that it works on.

It is not thread-safe; the worker's thread owns it. A step is one token for every running job, or a piece of a prompt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino
import openvino_genai as genai

from sfm2.engines.base import AdapterFile
from sfm2.engines.openvino.conversion import ModelFacts
from sfm2.engines.openvino.presets import Preset
from sfm2.engines.openvino.vocabulary import TokenText, Vocabulary
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
    adapter_failed: bool = False
    """Whether the failure is the adapter's fault."""
    prompt_seconds: float | None = None
    """From the job's start to its first token."""

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
    handle: Any = None
    """OpenVINO's, once the job is in a pipeline."""
    text: TokenText = field(init=False)
    stops: StopTexts = field(init=False)
    held: list[tuple[str, int, float]] = field(default_factory=list)
    """Text, token id and log-probability of what has not been handed out yet."""
    started: float = 0.0
    prompt_seconds: float | None = None


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
        properties: dict[str, Any] = dict(config.preset.properties)
        if adapter is not None:
            # Static: OpenVINO's steps don't switch adapters, and its cache of prefixes does not distinguish them, so each
            # adapter has a pipeline to itself. (Dynamic ones also take longer for prompts: benchmarks/LOG.md.)
            chosen = genai.AdapterConfig(genai.AdapterConfig.Mode.MODE_STATIC)
            chosen.add(genai.Adapter(str(adapter.path)), adapter.scale)
            properties["adapters"] = chosen
        self._pipeline = genai.ContinuousBatchingPipeline(config.folder, self._scheduler(), config.device, properties)
        self._warm_up()

    @property
    def load(self) -> int:
        """Jobs that run or wait in it."""
        return len(self._running)

    def add(self, job: Job) -> None:
        """Begin `job`. A request that OpenVINO refuses ends it with an error."""
        job.text = TokenText(self._vocabulary)
        job.stops = StopTexts(job.sampling.stop)
        job.started = time.perf_counter()
        ids = openvino.Tensor(np.asarray([job.ids], np.int64))
        try:
            job.handle = self._pipeline.add_request(next(self._ids), ids, self._generation(job.sampling))
        except RuntimeError as error:  # what OpenVINO raises for a request it refuses
            job.sink(JobOutput(error=str(error)))
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
            job.sink(JobOutput(error=error, adapter_failed=True))
        self._running.clear()

    def step(self) -> bool:
        """Generate one more token for each job; returns whether anything was handed out."""
        if not self._pipeline.has_non_finished_requests():
            return False
        self._pipeline.step()
        return self._deliver()

    @property
    def busy(self) -> bool:
        """Whether there is work to do."""
        return bool(self._running) or self._pipeline.has_non_finished_requests()

    def _warm_up(self) -> None:
        """The first steps allocate and compile; better now than during the first request."""
        config = self._generation(SamplingParams(max_length=2))
        ids = np.ones((1, min(BLOCK_TOKENS, self._config.context - 2)), np.int64)
        self._pipeline.add_request(0, openvino.Tensor(ids), config)
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()

    def _deliver(self) -> bool:
        sent = False
        for job in list(self._running):
            if job.handle.can_read():
                for output in job.handle.read().values():
                    sent |= self._deliver_output(job, output)
            elif job.handle.get_status() != genai.GenerationStatus.RUNNING:
                self._end(job, error="the prompt does not fit into the engine's memory; raise models.sfm2.max_memory")
        return sent

    def _deliver_output(self, job: Job, output: Any) -> bool:
        job.prompt_seconds = job.prompt_seconds or time.perf_counter() - job.started
        ended: StopType | None = None
        for token, logprob in zip(output.generated_ids, output.generated_log_probs, strict=True):
            if token in self._stop_ids:
                ended = "eos"
                break
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

    def _end(self, job: Job, stop_type: StopType | None = None, error: str | None = None) -> None:
        rest = job.stops.feed(job.text.finish()) + job.stops.finish()
        self._running.remove(job)
        job.handle.cancel()
        job.sink(_output(job, rest, stop_type, error))

    def _generation(self, sampling: SamplingParams) -> Any:
        config = genai.GenerationConfig()
        config.apply_chat_template = False
        config.logprobs = 1
        config.max_new_tokens = sampling.max_length
        config.stop_token_ids = self._stop_ids
        config.repetition_penalty = sampling.repetition_penalty
        config.do_sample = sampling.temperature > 0
        if config.do_sample:
            config.temperature = sampling.temperature
            config.top_p = sampling.top_p
            if sampling.top_k:
                config.top_k = sampling.top_k
            seed = sampling.seed if sampling.seed is not None else int(np.random.default_rng().integers(2**31))
            config.rng_seed = seed
        return config

    def _scheduler(self) -> Any:
        config = genai.SchedulerConfig()
        config.num_kv_blocks = max(
            1, self._config.cache_bytes // (BLOCK_TOKENS * self._config.facts.kv_bytes_per_token)
        )
        for name, value in self._config.preset.scheduler.items():
            setattr(config, name, value)
        return config


def _line_complete(held: Sequence[tuple[str, int, float]]) -> bool:
    return len(held) >= _LINE_TOKENS or any("\n" in text for text, _, _ in held)


def _output(job: Job, rest: str = "", stop_type: StopType | None = None, error: str | None = None) -> JobOutput:
    return JobOutput(
        "".join(text for text, _, _ in job.held) + rest,
        tuple(token for _, token, _ in job.held),
        tuple(logprob for _, _, logprob in job.held),
        stop_type,
        error,
        prompt_seconds=job.prompt_seconds,
    )
