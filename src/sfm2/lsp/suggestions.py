"""From a question to a suggestion: known completions first, a pause while the user types, one request per document."""

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

    async def suggest(
        self, question: Question, pause: float, *, automatic: bool, may_ask: bool = True
    ) -> Suggestion | None:
        """None when there is none: the model has nothing to suggest, it can't answer, or a newer question came.

        `pause` is the seconds to wait for a newer question. With `may_ask` False only what is known is suggested.
        Cancelling stops the request unless another call waits for it.
        """
        known = self._typed_ahead.find(question)
        if known is not None:
            self._drop(question.terms.uri)
            return self._wanted(known, automatic)
        if not may_ask or (automatic and self._notices.pausing):
            self._drop(question.terms.uri)
            return None
        return await self._asked(question, pause, automatic)

    def dismiss(self, completion_id: str) -> None:
        """It is not suggested again, here or along its text, until the user asks; nor is the server asked there."""
        self._typed_ahead.dismiss(completion_id)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._drop(uri)

    def _wanted(self, known: Suggestion, automatic: bool) -> Suggestion | None:
        if known.dismissed and automatic:
            return None
        if known.dismissed:
            self._typed_ahead.dismiss(known.completion.id, dismissed=False)
        return known

    async def _asked(self, question: Question, pause: float, automatic: bool) -> Suggestion | None:
        uri = question.terms.uri
        asking = self._asking.get(uri)
        if asking is None or not asking.serves(question, automatic):
            self._drop(uri)
            asking = _Asking(question, paused=pause > 0)
            asking.task = asyncio.create_task(self._ask(asking, pause))
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

    async def _ask(self, asking: _Asking, pause: float) -> Suggestion | None:
        question = asking.question
        await asyncio.sleep(pause)
        asking.paused = False
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
    """A question on its way, its pause included, and how many calls wait for the answer."""

    task: asyncio.Task[Suggestion | None]

    def __init__(self, question: Question, *, paused: bool) -> None:
        self.question = question
        self.paused = paused
        self.waiting = 0

    def serves(self, question: Question, automatic: bool) -> bool:
        """Whether it is the same question; a user who asks explicitly does not wait for its pause."""
        return not self.task.done() and self.question == question and (automatic or not self.paused)
