"""Who answers, as the rest of the language server sees them; and a server over HTTP as one of them."""

from __future__ import annotations

from typing import Any, Protocol

from sfm2.client import AsyncSFM2Client
from sfm2.lsp.question import Question
from sfm2.types import Completion, Explanation, Health, Language, Outcome


class Answerer(Protocol):
    """All raise classes of `sfm2.errors`. Cancelling one stops its work."""

    place: str
    """Where the answers come from, for a person."""

    async def complete(self, question: Question) -> Completion: ...

    async def explain(self, code: str, language: Language | None) -> Explanation: ...

    async def feedback(self, completion_id: str, outcome: Outcome) -> None: ...

    async def health(self) -> Health: ...


class Remote:
    """An SFM-2 server. It is asked once: by the time of a second try, the user has typed on."""

    def __init__(self, client: AsyncSFM2Client, place: str) -> None:
        self._client = client.with_options(max_retries=0)
        self.place = place
        self.feedback = self._client.feedback
        self.health = self._client.health_check

    async def complete(self, question: Question) -> Completion:
        prefix, suffix = question.window
        return await self._client.complete(prefix, suffix, **fields(question))

    async def explain(self, code: str, language: Language | None) -> Explanation:
        return await self._client.explain(code, language=language)


def fields(question: Question) -> dict[str, Any]:
    """Of a `CompleteRequest`, but for the text."""
    terms = question.terms
    return {
        "path": terms.path,
        "language": terms.language,
        "max_length": terms.max_length,
        "mode": terms.mode,
        "adapter": terms.adapter,
    }
