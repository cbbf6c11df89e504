"""What of a long file a model is shown: the lines nearest to the hole, and from further up the imports and the headers of
the blocks that the hole is in. Pure."""

from __future__ import annotations

import re

from sfm2.syntax.lines import indent

PREFIX_SHARE = 0.75  # of the characters that prefix and suffix together may have
OUTLINE_SHARE = 0.25  # of the prefix's, for imports and headers from further up
_BORDER = 0.2  # of the room: how much is given up to begin at a line that stands further left
_IMPORT = re.compile(
    r"(import|from|use|using|require|require_relative|#include|package|include|extern crate)\b|#include|"
    r"(const|let|var)\s.*\brequire\("
)


def trim(prefix: str, suffix: str, room: int, prefix_share: float = PREFIX_SHARE) -> tuple[str, str]:
    """`room` characters at most in all. What one side leaves, the other gets."""
    for_suffix = max(room - len(prefix), int(room * (1 - prefix_share)))
    suffix = _head(suffix, for_suffix)
    return _tail(prefix, room - len(suffix)), suffix


def _head(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: text.rfind("\n", 0, room) + 1] or text[:room]


def _tail(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    most = int(room * OUTLINE_SHARE)
    near = _near(text, room - most)
    needed = len(_outline(text[: len(text) - len(near)], near, most))
    near = _near(text, room - needed)  # what the outline does not need, the near lines get
    return _outline(text[: len(text) - len(near)], near, room - len(near)) + near


def _near(text: str, room: int) -> str:
    """The end of the text, from a line on: among those that cost little, the one that stands furthest left."""
    start = len(text) - room
    begins = [match.end() for match in re.finditer("\n", text[start:-1] if room > 1 else "")]
    if not begins:
        return text[start:]
    cheap = [at for at in begins if at <= room * _BORDER] or begins[:1]
    best = min(cheap, key=lambda at: (_indent_at(text, start + at), at))
    return text[start + best :]


def _indent_at(text: str, start: int) -> int:
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    return indent(line) if line.strip() else 1_000


def _outline(far: str, near: str, room: int) -> str:
    """Imports, and the headers of the blocks that go on in `near`: whole lines, in their order, the nearest headers first
    to stay."""
    lines = far.split("\n")[:-1]
    kept: dict[int, str] = {}
    for number in [*_headers(lines, near), *_imports(lines)]:
        if len(lines[number]) + 1 > room:
            break
        room -= len(lines[number]) + 1
        kept[number] = lines[number]
    return "".join(line + "\n" for _, line in sorted(kept.items()))


def _headers(lines: list[str], near: str) -> list[int]:
    """Going up, each line that stands further left than all below it."""
    level = min((indent(line) for line in near.split("\n")[:1] if line.strip()), default=0)
    found = []
    for number in range(len(lines) - 1, -1, -1):
        if level == 0:
            break
        if lines[number].strip() and indent(lines[number]) < level:
            level = indent(lines[number])
            found.append(number)
    return found


def _imports(lines: list[str]) -> list[int]:
    return [number for number, line in enumerate(lines) if _IMPORT.match(line)]
