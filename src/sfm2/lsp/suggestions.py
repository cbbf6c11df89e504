"""From a question to a suggestion: kept answers first, a pause while somebody types, one request a document at a time."""

from __future__ import annotations

import asyncio

from sfm2.completer import AsyncCompleter
from sfm2.errors import SFM2Error
from sfm2.lsp.notices import ServerNotices
from sfm2.lsp.question import Question, binary
from sfm2.lsp.typed_ahead import Suggestion, TypedAhead


class Suggestions:
    def __init__(
        self, completer: AsyncCompleter, notices: ServerNotices, typed_ahead: TypedAhead | None = None
    ) -> None:
        self._completer = completer
        self._notices = notices
        self._typed_ahead = typed_ahead or TypedAhead()
        self._asking: dict[str, _Asking] = {}

    async def suggest(self, question: Question, pause: float, *, automatic: bool) -> Suggestion | None:
        """None when there is none: nothing came to the model's mind, it can't answer, or a newer question came.

        `pause` is the seconds to wait for such a one. Cancelling stops the work that nobody else waits for.
        """
        kept = self._typed_ahead.find(question)
        if kept is not None:
            self._drop(question.terms.uri)
            return kept
        if automatic and self._notices.pausing:
            return None
        return await self._asked(question, pause)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._drop(uri)

    async def _asked(self, question: Question, pause: float) -> Suggestion | None:
        uri = question.terms.uri
        asking = self._asking.get(uri)
        if asking is None or asking.question != question or asking.task.done():
            self._drop(uri)
            asking = _Asking(question, asyncio.create_task(self._ask(question, pause)))
            self._asking[uri] = asking
        asking.waiting += 1
        try:
            return await asyncio.shield(asking.task)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return None  # a newer question took its place
        finally:
            asking.waiting -= 1
            if not asking.waiting:
                asking.task.cancel()
                if self._asking.get(uri) is asking:
                    del self._asking[uri]

    async def _ask(self, question: Question, pause: float) -> Suggestion | None:
        await asyncio.sleep(pause)
        if any(binary(text) for text in question.window):
            return None
        try:
            completion = await self._completer.submit(question.request)
        except SFM2Error as error:
            self._notices.failed(error)
            return None
        self._notices.answered()
        self._typed_ahead.put(question, completion)
        return Suggestion(completion.completion, completion)

    def _drop(self, uri: str) -> None:
        asking = self._asking.pop(uri, None)
        if asking is not None:
            asking.task.cancel()


class _Asking:
    """A question on its way, and how many wait for the answer."""

    def __init__(self, question: Question, task: asyncio.Task[Suggestion | None]) -> None:
        self.question = question
        self.task = task
        self.waiting = 0
