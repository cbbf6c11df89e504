"""From what was found to what the model is shown: as much as fits, the most useful nearest to the hole. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sfm2.repository.contents import Passage
from sfm2.repository.retrieval import Found

_LEAST = 200  # characters; less is not worth a file's name
_LEAST_LINES = 4  # of a passage that is cut


def pack(found: Iterable[Found], characters: int) -> list[Found]:
    """The most useful of `found` (best first) that fit into `characters` together, names included; the most useful last."""
    kept: list[Found] = []
    for one in found:
        if characters < _LEAST:
            break
        passage = _fitting(one.passage, characters)
        if passage is not None:
            kept.append(one._replace(passage=passage))
            characters -= _size(passage)
    return kept[::-1]


def _fitting(passage: Passage, characters: int) -> Passage | None:
    """The passage, or its first lines; None if too few of them fit."""
    if _size(passage) <= characters:
        return passage
    end = passage.text.rfind("\n", 0, max(0, characters - _size(passage._replace(text=""))))
    lines = passage.text[: max(0, end)].split("\n")
    if len(lines) < _LEAST_LINES:
        return None
    return Passage(passage.path, passage.first, passage.first + len(lines) - 1, "\n".join(lines))


def _size(passage: Passage) -> int:
    return len(passage.text) + len(passage.path) + len("<|file_sep|>\n\n")
