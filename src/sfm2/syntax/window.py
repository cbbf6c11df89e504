"""What a model sees of a long file: the lines nearest to the hole, and from further up the imports and the headers of the
blocks that hold the hole. Pure.
"""

from __future__ import annotations

import re

from sfm2.syntax.lines import indent

PREFIX_SHARE = 0.75  # of the characters for prefix and suffix together
OUTLINE_SHARE = 0.25  # of the prefix's characters, at most, for imports and headers from further up
_GIVEN_UP = 0.2  # of the limit, at most, to begin at a line with less indentation
_IMPORT = re.compile(
    r"(import|from|use|using|require|require_relative|#include|package|include|extern crate)\b|#include|"
    r"(const|let|var)\s.*\brequire\("
)


def trim(prefix: str, suffix: str, limit: int, prefix_share: float = PREFIX_SHARE) -> tuple[str, str]:
    """The parts of prefix and suffix to show: at most `limit` characters together.

    `prefix_share` of them is for the prefix; what one side does not need, the other gets.
    """
    for_suffix = max(limit - len(prefix), int(limit * (1 - prefix_share)))
    suffix = _head(suffix, for_suffix)
    return _tail(prefix, limit - len(suffix)), suffix


def _head(text: str, limit: int) -> str:
    """Whole lines from the beginning of the text, as many as fit within `limit` characters."""
    if len(text) <= limit:
        return text
    return text[: text.rfind("\n", 0, limit) + 1] or text[:limit]


def _tail(text: str, limit: int) -> str:
    """The lines at the end of the text, after an outline of those before them."""
    if len(text) <= limit:
        return text
    most = int(limit * OUTLINE_SHARE)
    near = _near(text, limit - most)
    needed = len(_outline(text[: len(text) - len(near)], near, most))
    near = _near(text, limit - needed)  # what the outline leaves, the near lines get
    return _outline(text[: len(text) - len(near)], near, limit - len(near)) + near


def _near(text: str, limit: int) -> str:
    """The end of the text from the beginning of a line: of the lines that lose few characters, the least indented."""
    start = len(text) - limit
    begins = [match.end() for match in re.finditer("\n", text[start:-1] if limit > 1 else "")]
    if not begins:
        return text[start:]
    cheap = [at for at in begins if at <= limit * _GIVEN_UP] or begins[:1]
    best = min(cheap, key=lambda at: (_indent_at(text, start + at), at))
    return text[start + best :]


def _indent_at(text: str, start: int) -> int:
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    return indent(line) if line.strip() else 1_000


def _outline(far: str, near: str, limit: int) -> str:
    """Headers of the blocks that `near` is in, and imports: whole lines in their order. If not all fit, the
    nearest headers are kept first."""
    lines = far.split("\n")[:-1]
    kept: dict[int, str] = {}
    for number in [*_headers(lines, near), *_imports(lines)]:
        if len(lines[number]) + 1 > limit:
            break
        limit -= len(lines[number]) + 1
        kept[number] = lines[number]
    return "".join(line + "\n" for _, line in sorted(kept.items()))


def _headers(lines: list[str], near: str) -> list[int]:
    """The numbers of lines with less indentation than all lines below them, from the last one upwards."""
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
