"""Problems of the service: shown when one begins, logged when it is over, and a reason to pause requests meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from sfm2.error_tables import for_class
from sfm2.errors import APIConnectionError, APITimeoutError, AuthenticationError, RateLimitError, SFM2Error

_PAUSE = 2.0  # seconds without requests while typing, after a failure
_LONGEST_PAUSE = 60.0
# What to do from an editor; the suggestions of other errors apply as they are.
_SUGGESTIONS: dict[type[SFM2Error], str] = {
    APITimeoutError: "Ask for fewer tokens (sfm2.maxLength), or raise SFM2_GENERATION_TIMEOUT for both",
    APIConnectionError: "`sfm2 serve` in a terminal starts it; SFM2_API_URL or --api-url says where it is",
    AuthenticationError: "Set SFM2_API_KEY where the editor starts `sfm2 lsp`; `sfm2 keys create` makes a key",
}


class ServerNotices:
    """Keeps track of the service's failures. `show` shows a text to the user, `log` writes one to the editor's log."""

    def __init__(
        self, show: Callable[[str], None], log: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._show = show
        self._log = log
        self._clock = clock
        self._wrong: SFM2Error | None = None
        self._until = 0.0

    @property
    def wrong(self) -> str | None:
        """The current problem, for a person; None if the last request succeeded."""
        return None if self._wrong is None else in_words(self._wrong)

    @property
    def pausing(self) -> bool:
        """Whether it is too early to ask again while the user types."""
        return self._clock() < self._until

    def failed(self, error: SFM2Error) -> None:
        """A request failed. Only the first of several failures of the same class is shown."""
        report = self._log if type(error) is type(self._wrong) else self._show
        self._wrong = error
        # A server that refuses says when to come back; one that is down is tried often.
        self._until = self._clock() + min(error.retry_after or _PAUSE, _LONGEST_PAUSE)
        report(in_words(error))

    def answered(self) -> None:
        """A request succeeded."""
        if self._wrong is not None:
            self._log("SFM-2 answers again.")
        self._wrong = None
        self._until = 0.0


def in_words(error: SFM2Error) -> str:
    """An error as one text for the user, with what to do."""
    wait = isinstance(error, RateLimitError) and error.retry_after is not None
    hint = for_class(error, _SUGGESTIONS, error.suggestion)
    return f"SFM-2: {error.message}" + ("" if wait else f". {hint}.")
