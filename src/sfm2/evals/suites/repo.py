"""Holes cut out of the Python files of any git repository or folder, so that a model is asked about your own code.

Evenly over files: the first items are one of each file, of turning kinds, then the second of each, and so on. The same
folder, seed and kinds give the same items, and a smaller limit a beginning of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from random import Random

from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item
from sfm2.evals.suites.python_holes import Hole, PythonFile
from sfm2.evals.suites.source_files import source_files, text_of
from sfm2.types import Language

NAME = "repo"
KINDS = ("line", "block", "span")
PER_FILE = 3  # of each kind
_MODES = {"line": "line", "block": "block"}


def load(
    data: Path | None,
    limit: int | None = None,
    seed: int = 0,
    kinds: Sequence[str] = KINDS,
    language: Language = Language.PYTHON,
    tests: bool = False,
) -> list[Item]:
    """`limit` items at most, of the folder `data`; `tests`: whether files of tests are cut too.

    Raises InvalidRequestError for no folder, an unknown kind or language, or a folder without anything to cut.
    """
    folder = _checked(data, kinds, language)
    names = source_files(folder, language, tests)
    Random(seed).shuffle(names)
    files = [_File(folder, name, seed) for name in names]
    items = list(islice(_in_turn(files, kinds), limit))
    if not items:
        raise InvalidRequestError(
            f"{folder}: no holes to cut in its {len(names)} {language} files",
            suggestion="Files that are generated, vendored, minified or over 200 kB are left out, and those of tests too",
        )
    return items


def _checked(data: Path | None, kinds: Sequence[str], language: Language) -> Path:
    if data is None or not data.is_dir():
        raise InvalidRequestError(f"{data}: no folder", suggestion="Name a git repository or a folder of source files")
    if not kinds or not set(kinds) <= set(KINDS):
        raise InvalidRequestError(f"kinds {', '.join(kinds) or 'none'}: expected some of {', '.join(KINDS)}")
    if language is not Language.PYTHON:
        raise InvalidRequestError(f"language {language}: holes are cut in python only")
    return data.resolve()


def _in_turn(files: Sequence[_File], kinds: Sequence[str]) -> Iterator[Item]:
    for rank in range(PER_FILE):
        for turn in range(len(kinds)):
            for index, file in enumerate(files):
                yield from file.item(kinds[(turn + index) % len(kinds)], rank)


class _File:
    """Read and cut when its first item is asked for."""

    def __init__(self, folder: Path, name: PurePosixPath, seed: int) -> None:
        self._folder = folder
        self._name = name
        self._seed = seed
        self._drawn: dict[str, list[Hole]] = {}

    def item(self, kind: str, rank: int) -> list[Item]:
        """The one of a kind and rank, if the file has so many."""
        return [self._item(kind, hole) for hole in self._holes(kind)[rank : rank + 1]]

    @cached_property
    def _python(self) -> PythonFile | None:
        text = text_of(self._folder / self._name)
        return PythonFile.read(text) if text is not None else None

    def _holes(self, kind: str) -> list[Hole]:
        """A few, drawn by the file's own dice, so that they don't hang on what other files there are."""
        if kind not in self._drawn:
            random = Random(f"{self._seed} {self._name} {kind}")
            holes = self._python.holes(kind, random) if self._python is not None else []
            self._drawn[kind] = random.sample(holes, min(PER_FILE, len(holes)))
        return self._drawn[kind]

    def _item(self, kind: str, hole: Hole) -> Item:
        assert self._python is not None
        text = self._python.text
        prefix, expected = text[: hole.start], text[hole.start : hole.end]
        return Item(
            id=f"{self._name}:{prefix.count(chr(10)) + 1}:{kind}:{hole.start}-{hole.end}",
            source=f"{self._folder.name}/{self._name}",
            prefix=prefix,
            suffix=text[hole.end :],
            language=Language.PYTHON.value,
            kind=kind,
            path=str(self._name),
            expected=expected,
            mode=_MODES.get(kind),
        )
