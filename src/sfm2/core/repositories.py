"""What requests are told of the repository that their hole is in, and what answers are judged by of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial

from sfm2.config import Settings
from sfm2.core.policy import OutputPolicy
from sfm2.errors import SFM2Error
from sfm2.generation import Excerpt, GenerationRequest
from sfm2.prompts import CHARACTERS_PER_TOKEN
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query
from sfm2.repository.sent import Sent
from sfm2.syntax.parsing.parsing_time import ParsingTime

_log = logging.getLogger(__name__)


class Repositories:
    """What is known of the repositories that have an index: excerpts for requests, and names for completions."""

    def __init__(self, settings: Settings) -> None:
        self._tokens = settings.repository.tokens
        enabled = settings.repository.enabled
        self._wanted = self._tokens > 0 and (settings.on_loopback if enabled is None else enabled)
        self._memory = RepositoryMemory(settings.storage.cache_dir, settings.storage.data_dir)

    async def aclose(self) -> None:
        """Close all indexes, after the updates that are under way."""
        if self._memory.is_open:
            await asyncio.to_thread(self._memory.close)

    def judged(self, request: GenerationRequest, policy: OutputPolicy) -> OutputPolicy:
        """The policy with what tells which names of a completion the request's repository does not have."""
        if not self._wanted or not policy.judges(request):
            return policy
        return replace(policy, unknown=partial(self.unknown, request, time=policy.parsing, key=policy.key))

    def unknown(
        self, request: GenerationRequest, completion: str, *, time: ParsingTime, key: str | None = None
    ) -> list[str]:
        """The names in a completion that its repository does not have. Takes milliseconds. An index that fails has all."""
        query = Query(request.prefix, request.suffix, request.language, request.path, time=time)
        try:
            return self._memory.unknown(query, completion, [one.text for one in request.context], key)
        except SFM2Error as error:
            _log.warning("names are not looked up in the repository: %s", error.message)
            return []

    def informed(
        self, request: GenerationRequest, draft: str, time: ParsingTime, key: str | None = None
    ) -> GenerationRequest | None:
        """The request with code of other files: what of its repository is of use, and what the client sent; None if there
        is neither. Takes milliseconds.

        `draft`: what the model wrote without. `key`: the id of the API key whose holder is shown it. What a client sent
        stays, nearest to the hole; the room that it leaves is filled. An index that fails is left out.
        """
        sent_alone = request if request.context else None
        room = self._tokens * CHARACTERS_PER_TOKEN - sum(len(one.text) + len(one.path) for one in request.context)
        if not self._wanted or room <= 0:
            return sent_alone
        query = Query(request.prefix, request.suffix, request.language, request.path, draft=draft, time=time)
        sent = frozenset(Sent(one.path, one.text) for one in request.context if one.path)
        try:
            found = self._memory.shown(query, room, sent, key)
        except SFM2Error as error:
            _log.warning("no code of the repository is shown: %s", error.message)
            return sent_alone
        passages = (one.passage for one in found)
        excerpts = tuple(Excerpt(one.text, one.path, one.first, one.last) for one in passages)
        return replace(request, context=excerpts + request.context) if excerpts else sent_alone
