"""The one thread that works: a pipeline for each adapter in use, and in every round a step of each that has work.

So completions with different adapters run side by side, and switching between loaded adapters costs nothing. An adapter
that is not loaded yet is loaded on another thread when a request needs it, while the others keep running. When there are too
many, an idle one is unloaded, else the least recently used one: it takes no more jobs and finishes those it has.

Between two rounds jobs begin, in the order of the waiting room; some of a batch may have to wait again. `step` holds
Python's lock, so the thread lets the others run between two rounds.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sfm2.engines.base import AdapterFile
from sfm2.engines.llama_cpp.wire import ADAPTER_FAILED, ENGINE_FAILED, OVERLOADED, TOO_LATE
from sfm2.engines.serving.admission import AT_ONCE
from sfm2.engines.serving.job import Job, JobOutput
from sfm2.engines.serving.pace import Pace, Size
from sfm2.engines.serving.runtime import Pipeline, Runtime
from sfm2.engines.serving.waiting_room import WaitingRoom
from sfm2.engines.supervision.reports import BEAT
from sfm2.generation import Priority

_YIELD = 0.002  # seconds that the other threads get after a round, at most

PipelineKey = AdapterFile | None
"""The adapter of a pipeline; None: the weights alone."""


class Worker:
    """Building it loads the pipeline of `first` (blocking); then `run` it on a thread. `submit` and `cancel` from any.

    `most` pipelines are loaded at once; with `base_too` the base alone is, too, before anybody asks for it.
    """

    def __init__(
        self, runtime: Runtime, first: PipelineKey, most: int, base_too: bool = False, pace: Pace | None = None
    ) -> None:
        self.runtime = runtime
        self.context = runtime.context
        self.vocabulary = runtime.vocabulary
        self._most = most
        self.first_failure: str | None = None
        """Why the first adapter is not loaded, if it is not."""
        self._pace = pace or Pace()
        self._room: WaitingRoom[Job] = WaitingRoom(AT_ONCE, lambda job: job.priority, time.monotonic)
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._closed = threading.Event()
        # By when they were asked for, the latest last.
        self._pipelines: dict[PipelineKey, Pipeline] = self._at_first(first, base_too)
        self._waiting: dict[PipelineKey, list[Job]] = {}
        self._loading = False
        self._leaving: list[PipelineKey] = []

    @property
    def load(self) -> int:
        """Jobs that run or wait."""
        running = sum(pipeline.load for pipeline in list(self._pipelines.values()))
        return running + self.waiting + self._commands.qsize()

    @property
    def waiting(self) -> int:
        """Jobs that have not begun, or wait for their adapter to load."""
        return len(self._room) + sum(map(len, list(self._waiting.values())))

    @property
    def cache_use(self) -> float:
        """Share of a pipeline's memory for keys and values that was in use at its last step, of the fullest one."""
        return max((pipeline.cache_use for pipeline in list(self._pipelines.values())), default=0.0)

    def at_once(self, priority: Priority) -> int:
        """How many jobs of this priority and of higher ones run at the same time, as things are."""
        return self._room.at_once(priority)

    def loaded(self) -> list[PipelineKey]:
        """The adapters that are ready; None is the base alone."""
        return list(self._pipelines)

    def submit(self, job: Job) -> None:
        """Run `job`; its output goes to its sink. For any thread."""
        self._commands.put(lambda: self._room.enter(job))

    def cancel(self, job: Job) -> None:
        """Forget the job; harmless when it has ended."""
        self._commands.put(lambda: self._drop(job))

    def close(self) -> None:
        """End `run` after the current round."""
        self._closed.set()
        self._commands.put(lambda: None)

    def run(self, give_way: Callable[[float], None], beat: Callable[[], None] = lambda: None) -> None:
        """Work until closed. `give_way` is called after deliveries, so that the threads that read the output can run;
        `beat` in every round, and every `BEAT` seconds when there is nothing to do."""
        while not self._closed.is_set():
            beat()
            self._take_commands()
            self._make_way()
            for job in self._room.next(self._running()):
                self._place(job)
            if self._round():
                give_way(_YIELD)
            self._load_what_is_asked_for()

    def _running(self) -> list[Job]:
        return [job for pipeline in self._pipelines.values() for job in pipeline.jobs]

    def _make_way(self) -> None:
        """Jobs of a batch wait again while others are served. What they have read and written stays in the cache. Those that
        would wait for longer than they have time are told so now."""
        for job in self._room.too_many(self._running()):
            if job.can_pause:
                self._drop(job)
                self._room.reenter(job)
        for job in hopeless(self._running(), self._room.batch(), self._pace, self._room.at_once(Priority.BATCH)):
            self._room.leave(job)
            job.sink(JobOutput(error="it made way for others, and would end too late", fault=OVERLOADED))

    def _round(self) -> bool:
        """A step of each pipeline; returns whether anything was handed out."""
        running = self._running()
        only_writing = bool(running) and all(job.prompt_seconds is not None for job in running)
        started = time.perf_counter()
        sent = [self._step(key, pipeline) for key, pipeline in list(self._pipelines.items())]
        if only_writing:
            self._pace.stepped(time.perf_counter() - started, len(running))
        batch = sum(job.priority is Priority.BATCH for job in running)
        if batch and self.at_once(Priority.BATCH) < AT_ONCE:
            self._pace.stepped_beside(time.perf_counter() - started, batch)
        return any(sent)

    def _at_first(self, first: PipelineKey, base_too: bool) -> dict[PipelineKey, Pipeline]:
        """The pipelines to begin with, loaded side by side: who is ready can answer, with the adapter and without.

        The weights alone when the adapter can't be loaded: requests for it fail, and the others are answered.
        """
        if first is None:
            return {None: self._made(None)}
        with ThreadPoolExecutor(1) as pool:
            base = pool.submit(self._made, None) if base_too else None
            try:
                own: dict[PipelineKey, Pipeline] = {first: self._made(first)}
            except self.runtime.errors as error:
                self.first_failure = self.runtime.plain(error)
                return {None: base.result() if base else self._made(None)}
            try:
                return {None: base.result(), **own} if base else own
            except self.runtime.errors:  # it is tried again when somebody asks for it
                return own

    def _step(self, key: PipelineKey, pipeline: Pipeline) -> bool:
        """One step; returns whether anything was handed out. An adapter whose steps fail (one of NaN, say) is unloaded."""
        try:
            return pipeline.step()
        except self.runtime.errors as error:
            if key is None:
                raise
            del self._pipelines[key]
            self._leaving = [other for other in self._leaving if other != key]
            pipeline.fail(f"the adapter does not work: {self.runtime.plain(error)}")
            return True

    def _take_commands(self) -> None:
        if not any(pipeline.busy for pipeline in self._pipelines.values()):
            with contextlib.suppress(queue.Empty):
                self._commands.get(timeout=BEAT)()
        while not self._commands.empty():
            self._commands.get()()

    def _place(self, job: Job) -> None:
        pipeline = None if job.adapter in self._leaving else self._pipelines.pop(job.adapter, None)
        if pipeline is None:
            self._waiting.setdefault(job.adapter, []).append(job)
            return
        self._pipelines[job.adapter] = pipeline
        _begin(job, pipeline)

    def _drop(self, job: Job) -> None:
        if self._room.leave(job):
            return
        if any(pipeline.drop(job) for pipeline in self._pipelines.values()):
            return
        for key, jobs in list(self._waiting.items()):
            self._waiting[key] = [other for other in jobs if other is not job]

    def _load_what_is_asked_for(self) -> None:
        """One at a time, so that a burst of adapters does not take all memory at once."""
        self._waiting = {key: jobs for key, jobs in self._waiting.items() if jobs}
        if self._loading or not self._waiting:
            return
        if len(self._pipelines) >= self._most and not self._made_room():
            return
        self._begin_loading(next(key for key in self._waiting))

    def _begin_loading(self, wanted: PipelineKey) -> None:
        self._loading = True
        threading.Thread(target=self._load, args=(wanted,), daemon=True).start()

    def _made_room(self) -> bool:
        if not self._leaving:
            idle = (key for key, pipeline in self._pipelines.items() if not pipeline.busy)
            self._leaving.append(next(idle, next(iter(self._pipelines))))
        if self._pipelines[self._leaving[0]].busy:
            return False
        del self._pipelines[self._leaving.pop()]
        return True

    def _load(self, wanted: PipelineKey) -> None:
        try:
            pipeline = self._made(wanted)
        except self.runtime.errors as error:
            message = f"{'the adapter' if wanted else 'the model'} cannot be loaded: {self.runtime.plain(error)}"
            self._commands.put(lambda: self._failed(wanted, message))
        else:
            self._commands.put(lambda: self._succeeded(wanted, pipeline))

    def _made(self, wanted: PipelineKey) -> Pipeline:
        return self.runtime.load(wanted)

    def _succeeded(self, wanted: PipelineKey, pipeline: Pipeline) -> None:
        self._loading = False
        self._pipelines[wanted] = pipeline
        for job in self._waiting.pop(wanted, []):
            _begin(job, pipeline)

    def _failed(self, wanted: PipelineKey, message: str) -> None:
        self._loading = False
        for job in self._waiting.pop(wanted, []):
            job.sink(JobOutput(error=message, fault=ENGINE_FAILED if wanted is None else ADAPTER_FAILED))


def hopeless(running: Sequence[Job], waiting: Sequence[Job], pace: Pace, at_once: int) -> list[Job]:
    """Which of those that wait will not end in time, if they begin in this order, `at_once` at the same time."""
    together = max(1, min(len(running) + len(waiting), at_once))
    slower = pace.held_up if at_once < AT_ONCE else 1.0
    end = time.monotonic() + slower * sum(pace.share(_left(job), together) for job in running)
    late, idle = [], not running
    for job in waiting:
        own = slower * pace.share(_left(job), together)
        if end + own > job.until and not idle:  # which takes whatever comes, as admission does
            late.append(job)
        else:
            end, idle = end + own, False
    return late


def _left(job: Job) -> Size:
    read = 0 if job.written else len(job.ids)
    return Size(read, max(1.0, job.expected - len(job.written)))


def _begin(job: Job, pipeline: Pipeline) -> None:
    """A job that has waited for longer than anybody waits for it costs nothing."""
    if job.until <= time.monotonic():
        job.sink(JobOutput(error="the request waited for longer than it has time", fault=TOO_LATE))
    else:
        pipeline.add(job)
