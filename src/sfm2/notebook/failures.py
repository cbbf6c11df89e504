"""How an error looks in a cell's output: what was wrong and what to do, instead of a traceback.

The error is raised nevertheless: the cell has failed, and "Run all" stops at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sfm2.error_tables import for_class
from sfm2.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    PromptTooLongError,
    SFM2Error,
)

# What to do from a notebook; the suggestions of other errors apply as they are.
_SUGGESTIONS: dict[type[SFM2Error], str] = {
    APITimeoutError: "Ask for fewer tokens (--max-length), or raise SFM2_GENERATION_TIMEOUT for server and kernel",
    APIConnectionError: "`sfm2 serve` in a terminal starts a server; `%sfm2 config url URL` names another",
    AuthenticationError: "`%sfm2 config key` asks for a key and keeps it secret; `sfm2 keys create` creates one",
    PromptTooLongError: "Shorten the cell, or send less of the cells before it: --context 1000, or off",
}


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Give errors and interrupts within the block a short rendering."""
    try:
        yield
    except SFM2Error as error:
        hint = [f"request: {error.request_id}"] if error.request_id else []
        raise _without_traceback(error, [f"error: {error.message}", f"hint: {suggestion(error)}", *hint]) from None
    except KeyboardInterrupt as interrupt:
        raise _without_traceback(interrupt, ["interrupted; nothing was changed"]) from None


def suggestion(error: SFM2Error) -> str:
    """What to do about an error: the suggestion for notebooks of its nearest class that has one, else the error's own."""
    return for_class(error, _SUGGESTIONS, error.suggestion)


def _without_traceback(error: BaseException, lines: list[str]) -> BaseException:
    """The error with a rendering of its own, which IPython shows in every front end."""
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error
