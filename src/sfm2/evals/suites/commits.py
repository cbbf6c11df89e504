"""Holes in lines that commits of a repository added, to be filled with the repository as it was before: no answer is in what
the model is shown, unless it stood there already.

The file is as the commit left it, without the hole; the rest of the repository is the parent's tree. Left out are lines that
the commit only moved, and merges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path, PurePosixPath
from random import Random
from typing import NamedTuple

from sfm2.corpus import history
from sfm2.corpus.files import is_code, is_own, text_in
from sfm2.corpus.history import Addition, Commit
from sfm2.corpus.holes import HoleSpan
from sfm2.corpus.text_holes import UnparsedFile
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item
from sfm2.languages import comment_pattern, of_path
from sfm2.types import Language

NAME = "commits"
KINDS = ("line", "rest", "block", "import")
"""A line; a line from within it to its end; the lines below one that are indented deeper; a line that is the first to use an
imported name."""
SINCE = date(2025, 1, 1)
"""Older code may be what the model was trained on."""
PER_COMMIT = 4
"""The most items of one commit: what it added is alike."""
_SIZES = range(200, 60_000)  # characters of a file
_MODES = {"block": "block"}
_IMPORT = re.compile(r"\s*(?:import|from|use|using|require|#include|const \w+ = require)\b|\s*(?:\w+ )?\"[\w./-]+\"$")
_NAME = re.compile(r"[A-Za-z_]\w{2,}")


class _CommitHole(NamedTuple):
    commit: Commit
    addition: Addition
    text: str
    language: Language
    kind: str
    hole: HoleSpan


def load(
    data: Path | None,
    limit: int | None = None,
    seed: int = 0,
    kinds: Sequence[str] = KINDS,
    language: Language | None = None,
    since: date = SINCE,
) -> list[Item]:
    """At most `limit` items (all, if None), in the order of their commits.

    `language` None: every programming language. Raises InvalidRequestError for what is no git repository, for a kind that is
    unknown, or when there is nothing to cut.
    """
    if data is None:
        raise InvalidRequestError("commits: a repository must be given", suggestion="Name a git repository")
    if not kinds or not set(kinds) <= set(KINDS):
        raise InvalidRequestError(f"kinds {', '.join(kinds) or 'none'}: expected some of {', '.join(KINDS)}")
    repository = data.resolve()
    found = history.commits(repository, since)
    order = {commit.id: place for place, commit in enumerate(found)}
    Random(seed).shuffle(found)
    drawn = (place for commit in found for place in _drawn(repository, commit, kinds, language, seed))
    places = sorted(islice(drawn, limit), key=lambda place: order[place.commit.id])
    if not places:
        raise InvalidRequestError(
            f"{repository}: no holes to cut in its {len(found)} commits since {since}",
            suggestion="Only lines that were added to files of programming languages are used",
        )
    return [_item(repository, place) for place in places]


def _drawn(
    repository: Path, commit: Commit, kinds: Sequence[str], language: Language | None, seed: int
) -> Iterator[_CommitHole]:
    """At most `PER_COMMIT` places of a commit, of kinds in turn, each in another file as long as there are some."""
    random = Random(f"{seed} {commit.id}")
    places = list(_places(repository, commit, kinds, language))
    random.shuffle(places)
    turn, used = random.randrange(len(kinds)), list[_CommitHole]()
    for number in range(PER_COMMIT):
        kind = kinds[(turn + number) % len(kinds)]
        taken = {place.addition.path for place in used}
        free = [place for place in places if place.kind == kind and not any(_overlap(place, other) for other in used)]
        if free:
            used.append(min(free, key=lambda place: place.addition.path in taken))
    yield from used


def _overlap(one: _CommitHole, other: _CommitHole) -> bool:
    same = one.addition.path == other.addition.path
    return same and one.hole.start < other.hole.end and other.hole.start < one.hole.end


def _places(repository: Path, commit: Commit, kinds: Sequence[str], language: Language | None) -> Iterator[_CommitHole]:
    by_path: dict[str, list[Addition]] = {}
    for addition in history.additions(repository, commit):
        by_path.setdefault(addition.path, []).append(addition)
    moved: frozenset[str] | None = None
    for path, added in by_path.items():
        its = of_path(path)
        if (
            its is None
            or not is_code(its)
            or (language and its is not language)
            or not is_own(PurePosixPath(path), tests=True)
        ):
            continue
        text = text_in(history.content_at(repository, commit.id, path) or b"")
        if text is None or len(text) not in _SIZES:
            continue
        moved = history.removed_lines(repository, commit) if moved is None else moved
        rows = {row for addition in added for row in addition.rows}
        for kind in kinds:
            random = Random(f"{commit.id} {path} {kind}")
            for hole in _holes_of(kind, text, its, random):
                if _within(text, hole, rows) and not _only_moved(text, hole, moved):
                    yield _CommitHole(commit, added[0], text, its, kind, hole)


def _holes_of(kind: str, text: str, language: Language, random: Random) -> list[HoleSpan]:
    file = UnparsedFile(text, comment_pattern(language))
    if kind != "import":
        return file.holes(kind, random)
    first = _first_uses(text)
    return [hole for hole in file.holes("line", random) if text.count("\n", 0, hole.start) in first]


def _first_uses(text: str) -> set[int]:
    """The numbers of lines, from 0, that are the first after the imports to have a name which they bind."""
    bound, used, found = set[str](), set[str](), set[int]()
    for row, line in enumerate(text.split("\n")):
        names = set(_NAME.findall(line))
        if _IMPORT.match(line):
            bound |= names
            continue
        if names & (bound - used):
            found.add(row)
        used |= names
    return found


def _within(text: str, hole: HoleSpan, rows: set[int]) -> bool:
    first = text.count("\n", 0, hole.start)
    return all(row in rows for row in range(first, first + text.count("\n", hole.start, hole.end) + 1))


def _only_moved(text: str, hole: HoleSpan, removed: frozenset[str]) -> bool:
    start = text.rfind("\n", 0, hole.start) + 1
    end = text.find("\n", hole.end)
    lines = text[start : end if end >= 0 else len(text)].split("\n")
    return any(line.strip() in removed for line in lines if line.strip())


def _item(repository: Path, place: _CommitHole) -> Item:
    text, hole, path = place.text, place.hole, place.addition.path
    row = text.count("\n", 0, hole.start) + 1
    return Item(
        id=f"{place.commit.id[:12]}:{path}:{row}:{place.kind}:{hole.start}-{hole.end}",
        source=f"{repository.name} {place.commit.id[:12]}",
        prefix=text[: hole.start],
        suffix=text[hole.end :],
        language=place.language.value,
        kind=place.kind,
        path=path,
        expected=text[hole.start : hole.end],
        mode=_MODES.get(place.kind),
        tree=place.commit.parent,
        hidden=(path, place.addition.former),
    )
