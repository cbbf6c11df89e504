"""What a supervisor keeps running: one kind of process, from the settings to what it is started with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from sfm2.config import Settings
from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.supervision.place import Serving, ServingPlace
from sfm2.errors import WeightsError
from sfm2.models.store import ModelStore
from sfm2.models.weights import WeightsFile, ensure

ProgressReport = Callable[[str, float | None], None]
"""Called with the step's name and, where it is known, the share of it that is done, in [0, 1]."""


Task = Callable[[ServingPlace], str]
"""What the process is to do, as JSON, at a place."""


class EngineProgram(ABC):
    """A kind of process. It reports on standard output (`reports.py`), and ends when its standard input closes.

    `note`: what a person should know of the choice of this program.
    """

    name: ClassVar[str]
    """As the settings name it."""
    module: ClassVar[str]
    """It is started as `python -m` this."""
    serving: ClassVar[Serving]
    """How it comes to serve at our address."""

    def __init__(self, settings: Settings, note: str = "") -> None:
        self.settings = settings
        self.note = note

    @abstractmethod
    async def prepare(self, report: ProgressReport) -> Task:
        """Everything before the process can start. Raises `WeightsError`, `ConfigError` or `MissingExtraError`."""

    @abstractmethod
    def client(self, address: EngineAddress) -> EngineClient:
        """A client of the process at `address`."""

    def plain(self, said: str) -> str:
        """What the process said, without what says nothing to a user."""
        return said

    async def outdated(self) -> str | None:
        """Why the running process should be replaced by one that is prepared anew; None: it should not. Asked often."""
        return None


def gguf_of(settings: Settings, report: ProgressReport, engine: str) -> WeightsFile:
    """As `weights_of`, for an engine that reads GGUF files only; `engine`: its name for people."""
    weights = weights_of(settings, report)
    if weights.is_folder:
        raise WeightsError(
            f"{weights.path} is a Hugging Face folder; {engine} reads GGUF files",
            suggestion="Name a GGUF file in models.sfm2.path, or set models.sfm2.engine to one that reads such folders: "
            '"vllm" or "transformers"',
        )
    return weights


def weights_of(settings: Settings, report: ProgressReport) -> WeightsFile:
    """The weights that the settings name, pulled if they may be. Raises `WeightsError`."""
    store = ModelStore(settings.storage.cache_dir)
    return ensure(
        settings.models.sfm2,
        store,
        progress=lambda step, done, total: report(step, done / total if total else None),
    )
