"""The worker as coroutines: a request becomes a job, whose output is awaited on the event loop."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from sfm2.engines.llama_cpp.wire import ENGINE_FAILED, OVERLOADED, REFUSED, TOO_LONG, CompletionCall, ErrorDetail
from sfm2.engines.serving.admission import Admission, RefusedForLoadError, Ticket
from sfm2.engines.serving.job import Job, JobOutput
from sfm2.engines.serving.pace import Pace
from sfm2.engines.serving.runtime import RefusedValuesError
from sfm2.engines.serving.spec import ServingSpec
from sfm2.engines.serving.vocabulary import Vocabulary
from sfm2.engines.serving.worker import Worker


class RefusedError(Exception):
    """A refusal, with the body that it has on the wire. `detail.code` is the status."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        prompt_tokens: int | None = None,
        window: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.detail = ErrorDetail(
            code=status,
            type=kind,
            message=message,
            n_prompt_tokens=prompt_tokens,
            n_ctx=window,
            retry_after=retry_after,
        )


@dataclass(frozen=True)
class StartedJob:
    """A job in the worker."""

    vocabulary: Vocabulary
    prompt_tokens: int
    outputs: AsyncGenerator[JobOutput, None]
    """Closing it cancels the job."""


class JobRunner:
    """Gives the worker jobs. `worker` is None while weights load."""

    def __init__(self, spec: ServingSpec) -> None:
        self.spec = spec
        self.worker: Worker | None = None
        self.pace = Pace()
        self._admission = Admission(spec.max_requests, self.pace)

    def ready(self) -> Worker:
        """Raises `RefusedError` (503) while weights load."""
        if self.worker is None:
            raise RefusedError(503, "unavailable_error", "Loading model")
        return self.worker

    def start(self, call: CompletionCall) -> StartedJob:
        """Give the worker a job, so that the next request counts it already.

        Raises `RefusedError` for a prompt beyond the window, for values that the library refuses, and when too much
        is running.
        """
        worker = self.ready()
        ids = worker.vocabulary.encode(call.prompt) if isinstance(call.prompt, str) else call.prompt
        if not ids:
            raise RefusedError(400, REFUSED, "the prompt is empty")
        if not 0 <= min(ids) <= max(ids) < len(worker.vocabulary):
            raise RefusedError(
                400, REFUSED, f"the prompt has a token that is not from 0 to {len(worker.vocabulary) - 1:,}"
            )
        if len(ids) >= worker.context:
            message = f"the prompt has {len(ids):,} tokens; the window holds {worker.context:,} with the completion"
            raise RefusedError(400, TOO_LONG, message, prompt_tokens=len(ids), window=worker.context)
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[JobOutput] = asyncio.Queue()
        sampling = call.sampling(worker.context - len(ids))
        try:
            worker.runtime.check(sampling)
        except RefusedValuesError as error:
            raise RefusedError(400, REFUSED, str(error)) from error
        ticket = self._admit(call, len(ids), sampling.max_length, worker.at_once(call.priority))
        until = math.inf if call.patience is None else time.monotonic() + call.patience
        job = Job(
            *(ids, sampling, lambda output: _post(loop, arrived, output), call.by_line, call.adapter, call.priority),
            *(until, ticket.size.new),
        )
        worker.submit(job)
        return StartedJob(worker.vocabulary, len(ids), self._outputs(worker, job, arrived, ticket))

    def _admit(self, call: CompletionCall, prompt: int, longest: int, at_once: int) -> Ticket:
        try:
            return self._admission.admit(prompt, longest, call.priority, call.patience, at_once)
        except RefusedForLoadError as refusal:
            raise RefusedError(429, OVERLOADED, str(refusal), retry_after=refusal.wait) from refusal

    async def _outputs(
        self, worker: Worker, job: Job, arrived: asyncio.Queue[JobOutput], ticket: Ticket
    ) -> AsyncGenerator[JobOutput, None]:
        try:
            while True:
                output = await arrived.get()
                yield output
                if output.last:
                    return
        finally:
            worker.cancel(job)
            self._admission.ended(ticket, len(job.written))


def failure_of(output: JobOutput) -> ErrorDetail:
    """The error of a job that failed."""
    return ErrorDetail(
        code=500 if output.fault == ENGINE_FAILED else 400, type=output.fault, message=output.error or ""
    )


def _post(loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[JobOutput], output: JobOutput) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody reads on
        loop.call_soon_threadsafe(arrived.put_nowait, output)
