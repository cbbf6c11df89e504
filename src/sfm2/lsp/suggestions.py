"""From a question to a suggestion: known completions first, a pause while the user types, one request per document.

The first lines are suggested as soon as they come. The editor cannot be told of the others: they are here when it asks next,
as it does after it has inserted the first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from sfm2.completer import AsyncCompleter
from sfm2.errors import SFM2Error
from sfm2.lsp.notices import ServerNotices
from sfm2.lsp.question import Question, binary
from sfm2.lsp.received import Received
from sfm2.lsp.typed_ahead import Suggestion, TypedAhead
from sfm2.types import Chunk, CompleteRequest


class Suggestions:
    def __init__(
        self,
        completer: AsyncCompleter,
        notices: ServerNotices,
        typed_ahead: TypedAhead | None = None,
        request: Callable[[Question], Awaitable[CompleteRequest]] | None = None,
    ) -> None:
        """`request`: what is sent for a question, if more than its own request."""
        self._completer = completer
        self._request = request
        self._notices = notices
        self._typed_ahead = typed_ahead or TypedAhead()
        self._latest: dict[str, _Asking] = {}
        """For each document the request that runs, or was the last that did."""

    async def suggest(
        self,
        question: Question,
        pause: float,
        *,
        automatic: bool,
        may_ask: bool = True,
        least: float = 0.0,
        whole: bool = False,
    ) -> Suggestion | None:
        """None when there is none: the model has nothing to suggest, it can't answer, or a newer question came.

        `pause` is the seconds to wait for a newer question. With `may_ask` False only what is known is suggested; `least` is
        the confidence that a suggestion must have; with `whole` it is not suggested before it is whole. Cancelling stops the
        request, unless another call waits for it or a part of it was suggested.
        """
        uri = question.terms.uri
        while True:
            known = self._known(question, automatic)
            if known is not None:
                asking = self._source(uri, known)
            elif may_ask and not (automatic and self._notices.pausing):
                asking = self._asking(question, pause, automatic)
            else:
                self._drop(uri)
                return None
            suggestion = known if known is not None and _shows(known, least, whole) else None
            if asking is not None:
                asking.told |= suggestion is not None
            if suggestion is not None or asking is None or not asking.received.growing:
                return suggestion
            if not await asking.more():
                return None

    def find(self, key: str) -> Received | None:
        """The completion that the editor calls by this key."""
        return self._typed_ahead.called(key)

    def dismiss(self, key: str) -> None:
        """It is not suggested again, here or along its text, until the user asks; nor is the server asked there."""
        self._typed_ahead.dismiss(key)
        for asking in self._latest.values():
            if asking.received.is_called(key):
                asking.stop()

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._drop(uri)

    def _known(self, question: Question, automatic: bool) -> Suggestion | None:
        known = self._typed_ahead.find(question)
        if known is None or not known.dismissed or automatic:
            return known
        self._typed_ahead.dismiss(known.received.key, dismissed=False)
        return self._typed_ahead.find(question)

    def _source(self, uri: str, known: Suggestion) -> _Asking | None:
        """The latest request if it gave what is known; one that runs for another place ends."""
        latest = self._latest.get(uri)
        if latest is not None and latest.received is not known.received:
            self._drop(uri)
            return None
        return latest

    def _asking(self, question: Question, pause: float, automatic: bool) -> _Asking:
        """The latest request where it serves this question, else a new one."""
        uri = question.terms.uri
        latest = self._latest.get(uri)
        if latest is not None and latest.serves(question, automatic):
            return latest
        self._drop(uri)
        asking = self._latest[uri] = _Asking(question, paused=pause > 0)
        asking.task = asyncio.create_task(self._ask(asking, pause))
        return asking

    async def _ask(self, asking: _Asking, pause: float) -> None:
        try:
            await asyncio.sleep(pause)
            asking.paused = False
            if not any(binary(text) for text in asking.question.window):
                await self._receive(asking)
        except SFM2Error as error:
            self._notices.failed(error)
        finally:
            asking.over = asking.received.completion is None
            asking.received.end()

    async def _receive(self, asking: _Asking) -> None:
        question, received = asking.question, asking.received
        request = await self._request(question) if self._request else question.request
        async with aclosing(self._completer.stream(request)) as items:
            async for item in items:
                if not received.text:
                    self._typed_ahead.put(question, received)
                if isinstance(item, Chunk):
                    received.add(item)
                else:
                    received.finish(item)
                    self._typed_ahead.confirm(received)
        self._notices.answered()

    def _drop(self, uri: str) -> None:
        asking = self._latest.pop(uri, None)
        if asking is not None:
            asking.stop()


class _Asking:
    """A question on its way, its pause included, what was received, and how many calls wait for more."""

    task: asyncio.Task[None]

    def __init__(self, question: Question, *, paused: bool) -> None:
        self.question = question
        self.paused = paused
        self.received = Received()
        self.told = False
        """Whether a part of it was suggested"""
        self.over = False
        """Whether it was stopped, or has failed"""
        self._waiting = 0

    def serves(self, question: Question, automatic: bool) -> bool:
        """Whether it is the same question; a user who asks explicitly does not wait for its pause."""
        return self.received.growing and self.question == question and (automatic or not self.paused)

    async def more(self) -> bool:
        """Wait until more has come, or nothing more will; False if it was stopped or has failed."""
        self._waiting += 1
        try:
            await self.received.change()
        except asyncio.CancelledError:
            if self._waiting == 1 and not self.told:
                self.stop()
            raise
        finally:
            self._waiting -= 1
        return not self.over

    def stop(self) -> None:
        """End the request; what has come of it stays known."""
        if self.received.growing:
            self.over = True
            self.task.cancel()
            self.received.end()


def _shows(suggestion: Suggestion, least: float, whole: bool) -> bool:
    received = suggestion.received
    # Of a part nobody may know how sure it is; then the whole decides.
    ready = (received.confidence or 0.0) >= least and not (whole and received.growing)
    return ready and not suggestion.dismissed and bool(suggestion.text.strip())
