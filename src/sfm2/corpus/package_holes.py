"""A sample of holes in the files of many packages: in each language equally many, of all kinds alike, each file used once
before any is used again. The same packages give the same holes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from random import Random
from typing import NamedTuple, TypeVar

from sfm2.corpus.files import own_files, text_of
from sfm2.corpus.holes import HoleSpan
from sfm2.corpus.packages import Package
from sfm2.corpus.text_holes import KINDS, UnparsedFile

T = TypeVar("T")

SIZES = range(200, 20_001)
"""The numbers of characters that a file may have."""
MOST = (1, 2, 3, 4, 6)
"""How many holes of a language a file may have, at first and once there are no files left with fewer."""
_BEGINNING = 3000  # characters; files that share them are copies, of which packages have many


class FileForm(NamedTuple):
    """How files of a language are found, and what in them is a comment."""

    names: tuple[str, ...]
    """Whole names, or how they end, with the dot."""
    comment: str
    """A regular expression."""


@dataclass(frozen=True)
class PackageHole:
    """A hole in a file of a package."""

    id: str
    language: str
    kind: str
    package: str
    path: str
    """The file's path within the package."""
    prefix: str
    expected: str
    """What stood there."""
    suffix: str


class _Source(NamedTuple):
    """A file of a package."""

    package: str
    folder: Path
    path: PurePosixPath


def sample(packages: Sequence[Package], folder: Path, forms: Mapping[str, FileForm], each: int) -> list[PackageHole]:
    """At most `each` holes in each language, a round of the languages at a time, so that any beginning is balanced.

    `folder` has the unpacked packages. The first word after a package's digest says what its files are read for: languages,
    separated by commas, each with the folder to look in after a colon (`css,lua:dist/commands`).
    """
    found: dict[str, list[list[_Source]]] = {name: [] for name in forms}
    for package in packages:
        for word in package.rest[0].split(","):
            language, _, within = word.partition(":")
            place = folder / package.folder / within
            found[language].append(_sources(package.name, place, language, forms[language]))
    return _in_turn([list(_cut(name, forms[name], _in_turn(found[name]), each)) for name in forms])


def _sources(package: str, folder: Path, language: str, form: FileForm) -> list[_Source]:
    paths = [path for path in own_files(folder) if _is_of(path, form)]
    Random(f"0 {package} {language}").shuffle(paths)
    return [_Source(package, folder, path) for path in paths]


def _is_of(path: PurePosixPath, form: FileForm) -> bool:
    """Whether a file is of that form; TypeScript's declarations are not, most are made from code."""
    return (path.suffix.lower() in form.names or path.name in form.names) and not path.name.endswith(".d.ts")


def _cut(language: str, form: FileForm, sources: Sequence[_Source], each: int) -> Iterator[PackageHole]:
    used: Counter[_Source] = Counter()
    taken: set[tuple[_Source, HoleSpan]] = set()
    beginnings: set[str] = set()

    def first(kind: str, most: int) -> tuple[_Source, UnparsedFile, HoleSpan] | None:
        """A hole of a kind in the first file that is not used up and has one."""
        for source in sources:
            file = _read(source, form.comment) if used[source] < most else None
            if file is None or (not used[source] and file.text[:_BEGINNING] in beginnings):
                continue
            random = Random(f"0 {source.package} {source.path} {kind}")
            holes = [hole for hole in file.holes(kind, random) if (source, hole) not in taken]
            if holes:
                return source, file, random.choice(holes)
        return None

    for most in MOST:
        turn, misses = len(taken), 0
        while len(taken) < each and misses < len(KINDS):
            kind = KINDS[turn % len(KINDS)]
            found = first(kind, most)
            turn, misses = turn + 1, 0 if found else misses + 1
            if found:
                source, file, hole = found
                used[source] += 1
                taken.add((source, hole))
                beginnings.add(file.text[:_BEGINNING])
                yield _hole(source, file.text, language, kind, hole)


@cache
def _read(source: _Source, comment: str) -> UnparsedFile | None:
    text = text_of(source.folder / source.path)
    return UnparsedFile(text, comment) if text is not None and len(text) in SIZES else None


def _hole(source: _Source, text: str, language: str, kind: str, hole: HoleSpan) -> PackageHole:
    row = text.count("\n", 0, hole.start) + 1
    return PackageHole(
        id=f"{source.package}/{source.path}:{row}:{kind}:{hole.start}-{hole.end}",
        language=language,
        kind=kind,
        package=source.package,
        path=str(source.path),
        prefix=text[: hole.start],
        expected=text[hole.start : hole.end],
        suffix=text[hole.end :],
    )


def _in_turn(lists: Sequence[Sequence[T]]) -> list[T]:
    return [one for turn in zip_longest(*lists) for one in turn if one is not None]
