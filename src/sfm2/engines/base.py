"""What an engine is: health, facts about its weights, a tokenizer, and one verb that streams tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from sfm2.generation import Priority, TokenChunk
from sfm2.models.adapters import Adapter
from sfm2.prompts import PromptForm
from sfm2.types import ConversationMessage, SamplingParams


class Phase(StrEnum):
    """Where an engine is in its life."""

    LOADING = "loading"
    READY = "ready"
    STALLED = "stalled"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class EngineHealth:
    """What an engine is doing."""

    phase: Phase
    reason: str
    """Why, in words to act on."""
    progress: float | None = None
    """While loading: the share of the current step that is done, in [0, 1], where known."""
    model: str | None = None
    """The name of the weights, once they are loaded."""
    device: str | None = None
    """What they run on, such as CPU; None where unknown."""
    adapter: str | None = None
    """The adapter in use; None: the weights alone."""
    restarts: int = 0
    """How often it was started again since the service started"""
    since: float | None = None
    """When this life of it became ready, by `time.monotonic`, which all processes of a machine share; None where unknown."""

    def as_json(self) -> dict[str, Any]:
        """A JSON object, for other processes."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> EngineHealth:
        """The other way."""
        return cls(**{**fields, "phase": Phase(fields["phase"])})


@dataclass(frozen=True)
class EngineLoad:
    """How much an engine has to do now."""

    running: int
    """Requests that are worked on"""
    waiting: int
    """Requests that have not begun"""
    cache_use: float | None = None
    """Share of the memory for keys and values that is in use, in [0, 1], of the fullest pipeline; None: unknown"""
    restarts: int = 0
    """As of `EngineHealth`"""


@dataclass(frozen=True)
class EngineFacts:
    """What prompts depend on. Constant while the engine runs the same weights."""

    model: str
    """The name of the weights."""
    sha256: str | None = None
    """Digest of the weights; None where the engine does not report it."""
    prompt_form: PromptForm | None = None
    """How these weights fill holes best, by measurement; None: not measured."""


class AdapterFile(BaseModel):
    """A LoRA in PEFT's safetensors, as an engine loads it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    path: Path
    """The safetensors file."""
    digest: str
    """Of its content: distinguishes an adapter that was replaced from the one that is loaded."""
    scale: float
    """What the adapter adds to the weights is multiplied by this."""

    @classmethod
    def of(cls, adapter: Adapter) -> Self:
        """`adapter` of the store, as an engine loads it."""
        return cls(path=adapter.path.resolve(), digest=adapter.digest, scale=adapter.scale)

    @classmethod
    def elsewhere(cls, name: str) -> Self:
        """One that a server of somebody else has loaded under this name."""
        return cls(path=Path(name), digest=name, scale=1.0)


class Engine(ABC):
    """Runs weights. Methods raise classes of `BackendError`; `generate` also `PromptTooLongError` for a prompt beyond the
    window."""

    async def start(self) -> None:
        """Begin to load, without waiting for it."""
        return

    async def ready(self) -> None:
        """Wait until loading has ended, well or badly; `health` says which."""
        return

    @abstractmethod
    async def health(self) -> EngineHealth:
        """What the engine is doing."""
        ...

    async def began(self) -> float | None:
        """When its present life began to answer, by `time.monotonic`; None where unknown. Asks nobody."""
        return None

    async def load(self) -> EngineLoad | None:
        """How much it has to do; None where it does not say, or not in time. Raises nothing."""
        return None

    @abstractmethod
    async def facts(self) -> EngineFacts:
        """What prompts depend on. Raises `BackendError` while it is unknown."""
        ...

    async def facts_anew(self) -> EngineFacts:
        """As `facts`, asked for again where somebody else may have changed the weights."""
        return await self.facts()

    @abstractmethod
    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        """Token ids of `text`. Special tokens in it count as such, or with `parse_special` false are only text."""

    @abstractmethod
    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        """The prompt for the next message, in the form that the weights were trained on."""

    @abstractmethod
    def generate(
        self,
        prompt: str | Sequence[int],
        sampling: SamplingParams,
        adapter: AdapterFile | None = None,
        *,
        streaming: bool = False,
        priority: Priority = Priority.ANSWER,
        patience: float | None = None,
        affinity: str | None = None,
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        """Continue `prompt` (text or token ids), with the weights alone when `adapter` is None.

        `priority`: who is served first where not everybody can be at once. `patience`: seconds after which nobody waits any
        more, where that is less than the engine's own. `affinity`: prompts with the same one begin alike, so that what an
        engine remembers of one helps with the next. `owner`: whose request it is; what an engine remembers of one serves no
        other, where it can keep them apart. `streaming` sends token by token, otherwise line by line where the
        engine can. The last chunk has a `finish_reason`. Closing the generator cancels the work.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Stop what runs; no child process outlives this."""
