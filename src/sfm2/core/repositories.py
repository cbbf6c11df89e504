"""What requests are told of the repository that their hole is in."""

from __future__ import annotations

import logging
from dataclasses import replace

from sfm2.config import Settings
from sfm2.errors import SFM2Error
from sfm2.generation import Excerpt, GenerationRequest
from sfm2.repository import REPOSITORIES
from sfm2.repository.memory import RepositoryMemory
from sfm2.repository.query import Query
from sfm2.syntax.parsing.parsing_time import ParsingTime

CHARACTERS_PER_TOKEN = 3  # of source code, on the safe side, as where prompts are cut

_log = logging.getLogger(__name__)


class Repositories:
    """Adds excerpts to requests, of the repositories that `sfm2 index add` has added."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.repository
        self._memory = RepositoryMemory(settings.storage.data_dir / REPOSITORIES)

    def close(self) -> None:
        """Close all indexes."""
        self._memory.close()

    def may_know(self, request: GenerationRequest) -> bool:
        """Whether there is something to look for: code, that has no excerpts of its own."""
        wanted = self._settings.enabled and self._settings.tokens > 0
        return wanted and not request.is_chat and not request.context and self._memory.has_any()

    def informed(self, request: GenerationRequest, time: ParsingTime) -> GenerationRequest:
        """The request with what of its repository is of use. Takes milliseconds. An index that fails is left out."""
        tokens = self._settings.tokens
        query = Query(request.prefix, request.suffix, request.language, request.path, time=time)
        try:
            found = self._memory.shown(query, tokens * CHARACTERS_PER_TOKEN)
        except SFM2Error as error:
            _log.warning("no code of the repository is shown: %s", error.message)
            return request
        passages = (one.passage for one in found)
        excerpts = tuple(Excerpt(one.text, one.path, one.first, one.last) for one in passages)
        return replace(request, context=excerpts, context_tokens=tokens) if excerpts else request
