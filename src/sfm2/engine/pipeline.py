"""OpenVINO GenAI's continuous batching behind a queue: one thread owns the pipeline, which is not thread-safe.

Each turn of the thread: take in new and cancelled jobs, make one step (one token for every running job, or a piece of a
prompt), hand out what came. `step` holds Python's lock, so the thread lets the others run between two steps.
"""

from __future__ import annotations

import codecs
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import openvino
import openvino_genai as genai

from sfm2.engine.conversion import ModelFacts
from sfm2.engine.presets import Preset
from sfm2.syntax.stops import StopTexts

BLOCK_TOKENS = 32  # tokens of one KV block on CPU (OpenVINO GenAI's `ContinuousBatchingPipeline`)
_LINE_TOKENS = 32  # a line longer than this is sent in parts
_YIELD = 0.002  # seconds that the other threads get after a step, at most

StopType = Literal["eos", "limit", "word"]


@dataclass(frozen=True)
class Sampling:
    """`seed` None draws one. OpenVINO seeds one generator for all: a seed repeats itself only when nothing runs beside."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delta:
    """New text of one job, and the tokens behind it. The last one says why it ended, or what failed."""

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    stop_type: StopType | None = None
    error: str | None = None

    @property
    def last(self) -> bool:
        return self.stop_type is not None or self.error is not None


@dataclass(eq=False)
class Job:
    """A completion on its way. `sink` is called on the pipeline's thread."""

    ids: Sequence[int]
    sampling: Sampling
    sink: Callable[[Delta], None]
    by_line: bool = False
    handle: Any = None
    text: TokenText = field(init=False)
    stops: StopTexts = field(init=False)
    held: list[tuple[str, int, float]] = field(default_factory=list)


class TokenText:
    """Tokens -> text, a character at a time: a character's bytes may be spread over tokens."""

    def __init__(self, vocabulary: Sequence[bytes]) -> None:
        self._vocabulary = vocabulary
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, token: int, final: bool = False) -> str:
        return self._decoder.decode(self._vocabulary[token], final)

    def finish(self) -> str:
        return self._decoder.decode(b"", True)


class Pipeline:
    """Load it (blocking), then `run` it on a thread; `submit` and `cancel` from any thread."""

    def __init__(self, folder: Path, preset: Preset, device: str, cache_bytes: int, context: int) -> None:
        self.facts = ModelFacts.read(folder)
        self.context = min(context, self.facts.context_length)
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._running: list[Job] = []
        self._closed = threading.Event()
        self._next_id = 0
        self._pipeline = genai.ContinuousBatchingPipeline(
            folder, self._scheduler(preset, cache_bytes), device, dict(preset.properties)
        )
        self.tokenizer = self._pipeline.get_tokenizer()
        self._vocabulary = _by_id(self.tokenizer.get_vocab())
        self._stop_ids = set(self.facts.stop_token_ids)
        self._warm_up()

    @property
    def load(self) -> int:
        """Jobs in the pipeline, running or waiting."""
        return len(self._running) + self._commands.qsize()

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`; special tokens in it count as such."""
        return [int(i) for i in self.tokenizer.encode(text, add_special_tokens=False).input_ids.data[0]]

    def decode(self, ids: Sequence[int]) -> str:
        return b"".join(self._vocabulary[i] for i in ids).decode("utf-8", "replace")

    def token_text(self, token: int) -> str:
        return self.decode([token])

    def submit(self, job: Job) -> None:
        self._commands.put(lambda: self._add(job))

    def cancel(self, job: Job) -> None:
        """Forget the job; harmless when it has ended."""
        self._commands.put(lambda: self._drop(job))

    def close(self) -> None:
        self._closed.set()
        self._commands.put(lambda: None)

    def run(self, give_way: Callable[[float], None]) -> None:
        """Work until closed. `give_way` is called after deliveries, to let the threads that read them go on."""
        while not self._closed.is_set():
            self._take_commands()
            if self._pipeline.has_non_finished_requests():
                self._pipeline.step()
                if self._deliver():
                    give_way(_YIELD)

    def _warm_up(self) -> None:
        """The first steps allocate and compile; better now than in somebody's first request."""
        config = self._config(Sampling(max_tokens=2))
        ids = np.ones((1, min(BLOCK_TOKENS, self.context - 2)), np.int64)
        self._pipeline.add_request(0, openvino.Tensor(ids), config)
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()

    def _take_commands(self) -> None:
        if not self._pipeline.has_non_finished_requests():
            self._commands.get()()
        while not self._commands.empty():
            self._commands.get()()

    def _add(self, job: Job) -> None:
        job.text = TokenText(self._vocabulary)
        job.stops = StopTexts(job.sampling.stop)
        ids = openvino.Tensor(np.asarray([job.ids], np.int64))
        self._next_id += 1
        try:
            job.handle = self._pipeline.add_request(self._next_id, ids, self._config(job.sampling))
        except RuntimeError as error:  # what OpenVINO raises for a request it refuses
            job.sink(Delta("", (), (), error=str(error)))
            return
        self._running.append(job)

    def _drop(self, job: Job) -> None:
        if job in self._running:
            self._running.remove(job)
            job.handle.cancel()

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
        job.sink(_delta(job.held))
        job.held.clear()
        return True

    def _end(self, job: Job, stop_type: StopType | None = None, error: str | None = None) -> None:
        rest = job.stops.feed(job.text.finish()) + job.stops.finish()
        self._running.remove(job)
        job.handle.cancel()
        job.sink(_delta(job.held, rest, stop_type, error))

    def _config(self, sampling: Sampling) -> Any:
        config = genai.GenerationConfig()
        config.apply_chat_template = False
        config.logprobs = 1
        config.max_new_tokens = sampling.max_tokens
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

    def _scheduler(self, preset: Preset, cache_bytes: int) -> Any:
        config = genai.SchedulerConfig()
        config.num_kv_blocks = max(1, cache_bytes // (BLOCK_TOKENS * self.facts.kv_bytes_per_token))
        for name, value in preset.scheduler.items():
            setattr(config, name, value)
        return config


def _by_id(vocabulary: Mapping[bytes, int]) -> list[bytes]:
    """The bytes of each token; ids that the vocabulary leaves out have none."""
    texts = [b""] * (max(vocabulary.values()) + 1)
    for text, token in vocabulary.items():
        texts[token] = text
    return texts


def _line_complete(held: Sequence[tuple[str, int, float]]) -> bool:
    return len(held) >= _LINE_TOKENS or any("\n" in text for text, _, _ in held)


def _delta(
    held: Sequence[tuple[str, int, float]], rest: str = "", stop_type: StopType | None = None, error: str | None = None
) -> Delta:
    return Delta(
        "".join(text for text, _, _ in held) + rest,
        tuple(token for _, token, _ in held),
        tuple(logprob for _, _, logprob in held),
        stop_type,
        error,
    )
