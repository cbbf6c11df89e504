"""transformers' continuous batching: one model, with or without an adapter, and the jobs that it works on.

Its manager would run a thread of its own for each model. Here the worker's thread makes its steps, one model after the
other, as those of every other library.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessorList
from transformers.generation.configuration_utils import ContinuousBatchingConfig
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessorList

from sfm2.engines.llama_cpp.wire import ENGINE_FAILED
from sfm2.engines.serving.admission import AT_ONCE
from sfm2.engines.serving.job import Job, StopType
from sfm2.engines.serving.runtime import Pipeline
from sfm2.engines.serving.vocabulary import TokenText, Vocabulary
from sfm2.engines.transformers.drawing import Draw, Drawing
from sfm2.engines.transformers.placement import BATCH, PAGE
from sfm2.types import SamplingParams

GRAPHS = False
"""Whether steps on a GPU are recorded and repeated, each with as much padding as its record has"""
_PADDING = 4096  # tokens: what is read of the cache in a recorded step is a multiple of it
_ROWS = 2 * AT_ONCE  # requests in a step: those that type come on top of the others
_WARM_UP = 3  # tokens: of a prompt that is read, and of two steps


class TransformersPipeline(Pipeline):
    """`blocks`: pages of its cache. Raises RuntimeError or ValueError, as PyTorch and transformers do."""

    def __init__(self, model: Any, blocks: int, vocabulary: Vocabulary, stop_ids: frozenset[int]) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._stop_ids = stop_ids
        self._ids = count(1)
        self._model = model
        self._drawing = Drawing(_ROWS, model.config.get_text_config().vocab_size, model.device)
        config = ContinuousBatchingConfig(
            page_size=PAGE,
            num_blocks=blocks,
            max_batch_tokens=BATCH,
            max_requests_per_batch=_ROWS,
            max_blocks_per_request=0,
            max_memory_percent=1.0,  # `placement` has looked at it
            use_async_batching=False,  # what was drawn is read after each step
            use_cuda_graph=GRAPHS and model.device.type == "cuda",
            kv_padding_interval_size=_PADDING,
            auto_switch_to_flash=False,  # it would look for kernels on the network
        )
        self._manager = model.init_continuous_batching(
            generation_config=GenerationConfig(do_sample=False, eos_token_id=-1, pad_token_id=0),
            continuous_batching_config=config,
        )
        processors = ContinuousBatchingLogitsProcessorList(LogitsProcessorList([self._drawing]))
        processors.tensors_required = 1
        self._manager.logit_processor = processors
        self._manager.warmup()  # makes its cache
        self._processor = self._manager.batch_processor
        self._warm_up()

    @property
    def busy(self) -> bool:
        """Whether there is work to do."""
        return bool(self.running) or self._processor.has_pending_requests()

    def add(self, job: Job) -> None:
        """Begin `job`, or go on with it."""
        if job.handle is None:
            job.begin(TokenText(self._vocabulary))
        job.handle = f"{next(self._ids)}"
        self._request(job.handle, [*job.ids, *job.written], job.sampling, job.sampling.max_length - len(job.written))
        self.running.append(job)

    def drop(self, job: Job) -> bool:
        if job not in self.running:
            return False
        self.running.remove(job)
        self._manager.cancel_request(job.handle)
        return True

    def step(self) -> bool:
        drawn = self._step()
        self._tell_failures()
        sent = [self._deliver(job, *drawn[job.handle]) for job in list(self.running) if job.handle in drawn]
        return any(sent)

    def _step(self) -> dict[str, tuple[int, float]]:
        """The next token of each request that has one, with its log-probability."""
        processor = self._processor
        if not processor.prepare_next_batch():
            return {}
        if (stream := processor.inputs_and_outputs.compute_stream) is not None:
            stream.wait_stream(torch.cuda.current_stream(stream.device))  # where its inputs were written
        processor._generation_step(self._model)
        drawn = self._drawing.finish(processor.inputs_and_outputs.output_ids[0])
        processor.update_batch()
        cache = processor.cache
        self.cache_use = 1 - cache.pool.num_free_sectors / cache.num_sectors
        return drawn

    def _deliver(self, job: Job, token: int, logprob: float) -> bool:
        ended: StopType | None = job.take([(token, logprob)], self._stop_ids)
        if ended is None and len(job.written) >= job.sampling.max_length:
            ended = "limit"
        if ended is None:
            return job.hand_out()
        self.drop(job)
        job.end(ended)
        return True

    def _tell_failures(self) -> None:
        """Of requests that ended in its own queue; what they wrote is known already."""
        said = self._manager.output_router.output_queue
        while not said.empty():
            output = said.get()
            for job in [one for one in self.running if output.error and one.handle == output.request_id]:
                self.running.remove(job)
                job.end(error=str(output.error), fault=ENGINE_FAILED)

    def _request(self, name: str, ids: list[int], sampling: SamplingParams, most: int) -> None:
        self._manager.add_request(
            ids,
            request_id=name,
            max_new_tokens=most,
            eos_token_id=sorted(self._stop_ids),
            draw=Draw(sampling, self._model.device),
        )

    def _warm_up(self) -> None:
        """The first steps allocate, and choose kernels; better now than during the first request."""
        self._request("0", [0] * _WARM_UP, SamplingParams(max_length=_WARM_UP, temperature=1.0, seed=0), _WARM_UP)
        while self._processor.has_pending_requests() or not self._manager.input_queue.empty():
            self._step()
        if self._model.device.type == "cuda":
            torch.cuda.synchronize(self._model.device)
