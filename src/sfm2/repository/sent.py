"""What a client has sent of a repository's files itself: that need not be found once more. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sfm2.repository.contents import Passage

_KNOWN = 0.5  # of a passage's lines; then it is there already


class Sent(NamedTuple):
    """A part of a file."""

    path: str
    """As the client calls it: its folder may be around the repository, or in it."""
    text: str


def is_sent(passage: Passage, sent: Iterable[Sent]) -> bool:
    """Whether at least half of the passage's lines were sent, from a file with its path."""
    lines = _lines(passage.text)
    known = {line for one in sent if _same(passage.path, one.path) for line in _lines(one.text)}
    return bool(known) and sum(line in known for line in lines) >= _KNOWN * len(lines)


def _same(path: str, called: str) -> bool:
    """Whether one path ends with the other."""
    one, other = f"/{path}", "/" + called.replace("\\", "/").strip("/")
    return one.endswith(other) or other.endswith(one)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
