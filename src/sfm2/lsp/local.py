"""Models in this process as an `Answerer`: for `--local`."""

from __future__ import annotations

from sfm2.core import AsyncModelManager
from sfm2.lsp.answering import fields
from sfm2.lsp.question import Question
from sfm2.requests import build
from sfm2.types import CompleteRequest, Completion, ExplainRequest, Explanation, Language, Outcome


class Local:
    """A manager that somebody else starts and closes."""

    place = "this process"

    def __init__(self, manager: AsyncModelManager) -> None:
        self._manager = manager
        self.health = manager.health

    async def complete(self, question: Question) -> Completion:
        prefix, suffix = question.window
        given = {name: value for name, value in fields(question).items() if value is not None}
        return await self._manager.submit(build(CompleteRequest, {"prefix": prefix, "suffix": suffix, **given}))

    async def explain(self, code: str, language: Language | None) -> Explanation:
        return await self._manager.submit(build(ExplainRequest, {"code": code, "language": language}))

    async def feedback(self, completion_id: str, outcome: Outcome) -> None:
        """Nobody counts here."""
