"""What requests are told of the repository that their hole is in, and what answers are judged by of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import TypeVar

from sfm2.completer import Streamable
from sfm2.config import Settings
from sfm2.core.resolve import Resolve, Resolved
from sfm2.errors import SFM2Error
from sfm2.generation import Excerpt, GenerationRequest
from sfm2.prompts import CHARACTERS_PER_TOKEN
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.types import ChatRequest

Q = TypeVar("Q", bound=Streamable | ChatRequest, contravariant=True)

_log = logging.getLogger(__name__)


class Repositories:
    """Adds excerpts to requests, of the repositories that `sfm2 index add` has added."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tokens = settings.repository.tokens
        enabled = settings.repository.enabled
        self._wanted = self._tokens > 0 and (settings.on_loopback if enabled is None else enabled)
        self._memory = RepositoryMemory(settings.storage.cache_dir)

    async def aclose(self) -> None:
        """Close all indexes, after the updates that are under way."""
        if self._memory.is_open:
            await asyncio.to_thread(self._memory.close)

    def resolved(self, resolve: Resolve[Q], request: Q, *, streaming: bool, time: ParsingTime) -> Resolved:
        """What `resolve` makes of a request, with excerpts, and with what judges names. Raises what that raises."""
        found = resolve(request, self._settings, streaming=streaming, time=time)
        asked = found.request
        policy = found.policy
        if self._wanted and policy.judges(asked):
            policy = replace(policy, unknown=partial(self.unknown, asked, time=time))
        return Resolved(self.informed(asked, time), policy)

    def unknown(self, request: GenerationRequest, completion: str, *, time: ParsingTime) -> list[str]:
        """The names in a completion that its repository does not have. Takes milliseconds. An index that fails has all."""
        query = Query(request.prefix, request.suffix, request.language, request.path, time=time)
        try:
            return self._memory.unknown(query, completion, [one.text for one in request.context])
        except SFM2Error as error:
            _log.warning("names are not looked up in the repository: %s", error.message)
            return []

    def informed(self, request: GenerationRequest, time: ParsingTime) -> GenerationRequest:
        """The request with what of its repository is of use, unless it has excerpts of its own. Takes milliseconds.

        An index that fails is left out.
        """
        if not self._wanted or request.is_chat or request.context:
            return request
        query = Query(request.prefix, request.suffix, request.language, request.path, time=time)
        try:
            found = self._memory.shown(query, self._tokens * CHARACTERS_PER_TOKEN)
        except SFM2Error as error:
            _log.warning("no code of the repository is shown: %s", error.message)
            return request
        passages = (one.passage for one in found)
        excerpts = tuple(Excerpt(one.text, one.path, one.first, one.last) for one in passages)
        return replace(request, context=excerpts)
