"""The worker as coroutines: a request becomes a job, whose output is awaited on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from sfm2.engines.llama_cpp.wire import ADAPTER_FAILED, TOO_LONG, CompletionCall, ErrorDetail
from sfm2.engines.openvino.pipeline import Job, JobOutput
from sfm2.engines.openvino.spec import EngineSpec
from sfm2.engines.openvino.vocabulary import Vocabulary
from sfm2.engines.openvino.worker import Worker


class RefusedError(Exception):
    """A refusal, with the body that it has on the wire. `detail.code` is the status."""

    def __init__(
        self, status: int, kind: str, message: str, *, prompt_tokens: int | None = None, window: int | None = None
    ) -> None:
        super().__init__(message)
        self.detail = ErrorDetail(code=status, type=kind, message=message, n_prompt_tokens=prompt_tokens, n_ctx=window)


@dataclass(frozen=True)
class StartedJob:
    """A job in the worker."""

    vocabulary: Vocabulary
    prompt_tokens: int
    outputs: AsyncGenerator[JobOutput, None]
    """Closing it cancels the job."""


class JobRunner:
    """Gives the worker jobs. `worker` is None while weights load."""

    def __init__(self, spec: EngineSpec) -> None:
        self.spec = spec
        self.worker: Worker | None = None

    def ready(self) -> Worker:
        """Raises `RefusedError` (503) while weights load."""
        if self.worker is None:
            raise RefusedError(503, "unavailable_error", "Loading model")
        return self.worker

    def start(self, call: CompletionCall) -> StartedJob:
        """Give the worker a job, so that the next request counts it already.

        Raises `RefusedError` for a prompt beyond the window, and when too much is running.
        """
        worker = self.ready()
        if worker.load >= self.spec.max_requests:
            raise RefusedError(429, "overloaded_error", f"{self.spec.max_requests} requests are running or waiting")
        ids = worker.vocabulary.encode(call.prompt) if isinstance(call.prompt, str) else call.prompt
        if not ids:
            raise RefusedError(400, "invalid_request_error", "the prompt is empty")
        if len(ids) >= worker.context:
            message = f"the prompt has {len(ids):,} tokens; the window holds {worker.context:,} with the completion"
            raise RefusedError(400, TOO_LONG, message, prompt_tokens=len(ids), window=worker.context)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[JobOutput] = asyncio.Queue()
        sampling = call.sampling(worker.context - len(ids))
        job = Job(ids, sampling, lambda output: _post(loop, arrived, output), call.by_line, call.adapter)
        worker.submit(job)
        return StartedJob(worker.vocabulary, len(ids), _outputs(worker, job, arrived))


def failure_of(output: JobOutput) -> ErrorDetail:
    """The error of a job that failed."""
    if output.adapter_failed:
        return ErrorDetail(code=400, type=ADAPTER_FAILED, message=output.error or "")
    return ErrorDetail(code=500, type="server_error", message=output.error or "")


async def _outputs(worker: Worker, job: Job, arrived: asyncio.Queue[JobOutput]) -> AsyncGenerator[JobOutput, None]:
    try:
        while True:
            output = await arrived.get()
            yield output
            if output.last:
                return
    finally:
        worker.cancel(job)


def _post(loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[JobOutput], output: JobOutput) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(arrived.put_nowait, output)
