"""What a library must do to serve weights: load them, with or without an adapter, and work on jobs step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sfm2.engines.base import AdapterFile
from sfm2.engines.llama_cpp.wire import ADAPTER_FAILED
from sfm2.engines.serving.job import Job, JobOutput
from sfm2.engines.serving.vocabulary import Vocabulary
from sfm2.types import SamplingParams


class RefusedValuesError(Exception):
    """The library does not take these values."""


class Pipeline(ABC):
    """Weights, with or without an adapter, and the jobs that they work on. The worker's thread owns it."""

    def __init__(self) -> None:
        self.running: list[Job] = []
        self.cache_use = 0.0
        """Share of its memory for keys and values that was in use at its last step"""

    @property
    def load(self) -> int:
        """Jobs that run or wait in it."""
        return len(self.running)

    @property
    def jobs(self) -> Sequence[Job]:
        """Those that run or wait in it."""
        return self.running

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether there is work to do."""

    @abstractmethod
    def add(self, job: Job) -> None:
        """Begin `job`, or go on with it. One that the library refuses ends with an error, and harms no other."""

    @abstractmethod
    def drop(self, job: Job) -> bool:
        """Cancel `job`; returns whether it was here."""

    @abstractmethod
    def step(self) -> bool:
        """Generate one more token for each job; returns whether anything was handed out."""

    def fail(self, error: str) -> None:
        """End all jobs: the adapter does not work."""
        for job in self.running:
            job.sink(JobOutput(error=error, fault=ADAPTER_FAILED))
        self.running.clear()


class Runtime(ABC):
    """A library, and the weights that it is to run."""

    errors: tuple[type[Exception], ...]
    """What it raises."""
    context: int
    """Window in tokens."""
    stop_token_ids: frozenset[int]
    """Tokens that end a completion."""
    chat_template: str | None
    """The weights' own."""
    vocabulary: Vocabulary

    @abstractmethod
    def load(self, adapter: AdapterFile | None) -> Pipeline:
        """Load the weights with an adapter, or alone; on any thread. Raises one of `errors`."""

    @abstractmethod
    def plain(self, error: BaseException) -> str:
        """What it said, for users."""

    @abstractmethod
    def check(self, sampling: SamplingParams) -> None:
        """Raises `RefusedValuesError` for values that it does not take."""
