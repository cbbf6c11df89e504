"""A client of an engine that runs in another process, whatever it speaks, and the engine that is made of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from sfm2.engines.base import AdapterFile, Engine, EngineFacts
from sfm2.generation import Priority, TokenChunk
from sfm2.types import ConversationMessage, SamplingParams

LOOK = 1.0
"""Seconds that an engine has to say how it is doing"""


@dataclass(frozen=True)
class EngineWork:
    """What an engine has to do."""

    running: int
    """Requests in it"""
    waiting: int
    """Those of them that have not begun"""
    cache_use: float | None = None
    """As of `EngineLoad`"""


@dataclass(frozen=True)
class EngineAddress:
    """Where an engine listens."""

    url: str
    key: str = ""
    """Sent as a bearer token; empty for a server that asks for none."""
    file: str = ""
    """The Unix socket that it listens at, in place of the URL's host; empty: none."""


class EngineClient(ABC):
    """Raises `BackendError` classes for an engine that can't answer, `PromptTooLongError` for a prompt beyond its window."""

    life: float | None = None
    """When the engine's present life began, where somebody tells: what it was asked once holds for as long"""

    @abstractmethod
    async def aclose(self) -> None:
        """Close all connections."""

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
        owner: str | None = None,
    ) -> AsyncGenerator[TokenChunk, None]:
        """As `Engine.generate`."""

    @abstractmethod
    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        """As `Engine.tokenize`."""

    @abstractmethod
    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        """As `Engine.apply_chat_template`."""

    @abstractmethod
    async def facts(self) -> EngineFacts:
        """As `Engine.facts`."""

    @abstractmethod
    async def work(self) -> EngineWork | None:
        """What it has to do now, if it says so within `LOOK` seconds; None: it never does."""

    @abstractmethod
    async def check(self) -> None:
        """Raises `BackendLoadingError` while weights load, `BackendError` when nothing answers."""


class ClientEngine(Engine):
    """An engine behind a client; who keeps it running is up to subclasses."""

    def __init__(self, client: EngineClient) -> None:
        self.client = client
        self._facts: EngineFacts | None = None

    async def facts(self) -> EngineFacts:
        """Asked for once: the weights are named by the settings, which don't change while we run."""
        if self._facts is None:
            self._facts = await self.client.facts()
        return self._facts

    async def tokenize(self, text: str, *, parse_special: bool = True) -> list[int]:
        return await self.client.tokenize(text, parse_special=parse_special)

    async def apply_chat_template(self, messages: Sequence[ConversationMessage]) -> str:
        return await self.client.apply_chat_template(messages)

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
        return self.client.generate(
            prompt, sampling, adapter, streaming=streaming, priority=priority, patience=patience, owner=owner
        )

    async def aclose(self) -> None:
        await self.client.aclose()
