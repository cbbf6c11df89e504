"""What an engine is doing, and where it listens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol


class Phase(StrEnum):
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class State:
    """`share`: how much of the current step is done, in [0, 1]; `reason` is written for somebody who wants to act."""

    phase: Phase
    reason: str
    share: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> State:
        return cls(Phase(fields["phase"]), fields["reason"], fields["share"])


@dataclass(frozen=True)
class Address:
    """`key` is empty for a server that asks for none."""

    url: str
    key: str = ""


class Host(Protocol):
    """Whoever keeps an engine running: we ourselves, another process of ours, or somebody else."""

    address: Address

    async def start(self) -> None: ...

    async def state(self) -> State: ...

    async def settled(self) -> None:
        """Wait until loading has ended, well or badly."""
        ...

    async def aclose(self) -> None: ...
