"""Shows an answer while it is written."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Protocol, TypeVar

from sfm2.cli.progress import waiting
from sfm2.types import Chunk, Completion, Explanation, Reply

A = TypeVar("A", Completion, Explanation, Reply)


class View(Protocol):
    """Shows text as it arrives."""

    def feed(self, text: str) -> None:
        """Add text."""
        ...

    def close(self) -> None:
        """Show what is left, and end the line."""
        ...


def follow(stream: Generator[Chunk | A, None, None], view: View, activity: Callable[[], str], before: str = "") -> A:
    """Show the chunks of a stream after the text `before`, close both, and return the whole answer.

    Until something is there to show, `activity()` is shown beside a spinner.
    """
    with closing(view), waiting(activity) as stop_waiting, closing(stream):
        for item in stream:
            if not isinstance(item, Chunk):
                stop_waiting()
                view.feed(before)  # an empty answer has no chunk
                return item
            if item.text:
                stop_waiting()
                view.feed(before + item.text)
                before = ""
    raise AssertionError("a stream ends with its answer or an error")
