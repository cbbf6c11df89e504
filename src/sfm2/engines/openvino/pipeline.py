"""OpenVINO GenAI's continuous batching: one compiled model, with or without an adapter, and the jobs that it works on.

It is not thread-safe; the worker's thread owns it. A step is one token for every running job, or a piece of a prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai as genai

from sfm2.engines.base import AdapterFile
from sfm2.engines.llama_cpp.wire import ENGINE_FAILED, REFUSED, TOO_LONG
from sfm2.engines.openvino.complaints import OPENVINO_ERRORS, plain
from sfm2.engines.openvino.mapped import give_back
from sfm2.engines.openvino.presets import Preset
from sfm2.engines.openvino.sampling import generation_config
from sfm2.engines.openvino.vocabulary import OpenVINOVocabulary
from sfm2.engines.serving.job import Job, JobOutput, StopType
from sfm2.engines.serving.runtime import Pipeline, RefusedValuesError, Runtime
from sfm2.engines.serving.vocabulary import TokenText
from sfm2.models.facts import ModelFacts
from sfm2.types import SamplingParams

BLOCK_TOKENS = 32  # tokens of one KV block on CPU (OpenVINO GenAI's `ContinuousBatchingPipeline`)


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


class OpenVINORuntime(Runtime):
    """OpenVINO GenAI, and the converted weights that it runs."""

    errors = OPENVINO_ERRORS

    def __init__(self, config: PipelineConfig) -> None:
        self.context = config.context
        self.stop_token_ids = frozenset(config.facts.stop_token_ids)
        self.chat_template = config.facts.chat_template
        self.vocabulary = self._vocabulary = OpenVINOVocabulary(config.folder, config.facts.stop_token_ids)
        self._config = config

    def load(self, adapter: AdapterFile | None) -> OpenVINOPipeline:
        return OpenVINOPipeline(self._config, self._vocabulary, adapter)

    def plain(self, error: BaseException) -> str:
        return plain(error)

    def check(self, sampling: SamplingParams) -> None:
        generation_config(sampling, self.stop_token_ids)


class OpenVINOPipeline(Pipeline):
    """Loads when it is built. Raises RuntimeError, as OpenVINO does, for a model or an adapter that it can't load."""

    def __init__(self, config: PipelineConfig, vocabulary: OpenVINOVocabulary, adapter: AdapterFile | None) -> None:
        super().__init__()
        self._config = config
        self._vocabulary = vocabulary
        self._ids = count(1)
        self._stop_ids = set(config.facts.stop_token_ids)
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

    def add(self, job: Job) -> None:
        """Begin `job`, or go on with it. One that OpenVINO refuses ends with an error, and harms no other."""
        if job.handle is None:
            job.begin(TokenText(self._vocabulary))
        ids = openvino.Tensor(np.asarray([[*job.ids, *job.written]], np.int64))
        sampling = replace(job.sampling, max_length=job.sampling.max_length - len(job.written))
        try:
            job.handle = self._pipeline.add_request(next(self._ids), ids, generation_config(sampling, self._stop_ids))
        except (*OPENVINO_ERRORS, RefusedValuesError) as error:
            job.sink(JobOutput(error=plain(error), fault=REFUSED))
            return
        self.running.append(job)

    def drop(self, job: Job) -> bool:
        """Cancel `job`; returns whether it was here."""
        if job not in self.running:
            return False
        self.running.remove(job)
        job.handle.cancel()
        return True

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
        return bool(self.running) or self._pipeline.has_non_finished_requests()

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
        for job in list(self.running):
            if job.handle.can_read():
                for output in job.handle.read().values():
                    sent |= self._deliver_output(job, output)
            elif job.handle.get_status() != genai.GenerationStatus.RUNNING:
                error = "the prompt does not fit into the engine's memory; raise models.sfm2.max_memory"
                self._end(job, error=error, fault=TOO_LONG)
        return sent

    def _deliver_output(self, job: Job, output: Any) -> bool:
        ended = job.take(zip(output.generated_ids, output.generated_log_probs, strict=True), self._stop_ids)
        if ended is None and output.finish_reason == genai.GenerationFinishReason.LENGTH:
            ended = "limit"
        if ended:
            self._end(job, ended)
            return True
        return job.hand_out()

    def _end(
        self, job: Job, stop_type: StopType | None = None, error: str | None = None, fault: str = ENGINE_FAILED
    ) -> None:
        self.running.remove(job)
        job.handle.cancel()
        job.end(stop_type, error, fault)

    def _scheduler(self) -> Any:
        config = genai.SchedulerConfig()
        token = self._config.facts.kv_bytes_per_token(self._config.preset.kv_bits)
        config.num_kv_blocks = max(1, self._config.cache_bytes // (BLOCK_TOKENS * token))
        for name, value in self._config.preset.scheduler.items():
            setattr(config, name, value)
        return config
