"""What a backend is: one link of the fallback chain, with one verb that streams."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import ClassVar, Self

from sfm2.config import Settings
from sfm2.engines.base import EngineLoad
from sfm2.errors import BackendError, BackendNotConfiguredError, BackendUnavailableError
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.installation import command_for
from sfm2.types import BackendHealth, BackendStatus


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do beyond continuing code."""

    fills_holes: bool = False
    """Looks at the suffix."""
    chats: bool = False
    """Continues conversations."""
    adapters: bool = False
    """Answers with adapters by name."""
    reads_excerpts: bool = False
    """Looks at code of other files."""


class Backend(ABC):
    """One way to get tokens. A subclass says how to stream and what its health is; the rest has defaults."""

    name: str
    """As `fallback.chain`, `model_used` and `model_status` have it."""
    extra: ClassVar[str | None] = None
    """The package extra that it needs; None: none."""
    packages: ClassVar[tuple[str, ...]] = ()
    """The modules of that extra that it imports."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The backend that the settings describe."""
        return cls()

    @classmethod
    def is_configured(cls, settings: Settings) -> bool:
        """Whether the settings say enough to try it."""
        return True

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @abstractmethod
    def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        """The completion, in chunks. Closing the generator cancels the work.

        Raises `BackendError` when the next backend should try, `InvalidRequestError` when none should; before its first
        chunk or after it.
        """

    @abstractmethod
    async def health(self) -> BackendHealth:
        """Its state, and why, in words to act on."""

    async def works(self) -> bool:
        """Whether it works now for all that is known, so that a request without an answer in time only asked for too much.
        False: unknown. It may take a moment to find out."""
        return False

    async def began(self) -> float | None:
        """When its present life began, by `time.monotonic`: failures before it say nothing of it. None: unknown."""
        return None

    async def variant(self) -> str:
        """What its answers depend on besides request and settings, and what may change while it runs."""
        return self.name

    async def load(self) -> EngineLoad | None:
        """How much its engine has to do; None: it has none, or that is unknown. Raises nothing."""
        return None

    async def start(self) -> None:
        """Begin to load, without waiting for it."""
        return

    async def ready(self) -> None:
        """Wait until it can answer, or can't for good. Raises nothing: `health` says which."""
        return

    async def aclose(self) -> None:
        """Stop what runs."""
        return

    @classmethod
    def missing_extra(cls) -> BackendHealth | None:
        """What its health is when packages of its extra are not installed; None when all are. Imports none of them."""
        absent = [name for name in cls.packages if not _installed(name)]
        if not absent or cls.extra is None:
            return None
        reason = f"{', '.join(absent)} not installed: {command_for(cls.extra)}"
        return BackendHealth(status=BackendStatus.UNAVAILABLE, reason=reason)


def obstacle_error(obstacle: BackendHealth) -> BackendError:
    """What a backend raises that can't even try, for the reason that its health gives."""
    kind = BackendNotConfiguredError if obstacle.status is BackendStatus.NOT_CONFIGURED else BackendUnavailableError
    return kind(obstacle.reason)


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
