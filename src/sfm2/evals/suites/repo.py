"""Holes cut out of the source files of any git repository or folder, so that a model is asked about your own code.

Evenly over files: the first items are one of each file, of turning kinds, then the second of each, and so on. The same
folder, seed and kinds give the same items, and a smaller limit a beginning of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from random import Random

from sfm2.corpus.files import main_language, source_files, text_of
from sfm2.corpus.holes import Hole, SourceFile
from sfm2.corpus.python_holes import PythonFile
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item
from sfm2.syntax.hole import Hole as Cursor
from sfm2.syntax.parsing import ParseContext
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
    language: Language | None = None,
    tests: bool = False,
) -> list[Item]:
    """`limit` items at most, of the folder `data`. `language` None: the one that most of its files are in. `tests`:
    whether files of tests are cut too.

    Raises InvalidRequestError for no folder, an unknown kind or language, or a folder without anything to cut.
    """
    folder = _checked(data, kinds, language)
    language = language or main_language(folder)
    names = source_files(folder, language, tests)
    Random(seed).shuffle(names)
    files = [_File(folder, name, language, seed) for name in names]
    items = list(islice(_in_turn(files, kinds), limit))
    if not items:
        raise InvalidRequestError(
            f"{folder}: no holes to cut in its {len(names)} {language} files",
            suggestion="Files that are generated, vendored, minified or over 200 kB are left out, and those of tests too",
        )
    return items


def _checked(data: Path | None, kinds: Sequence[str], language: Language | None) -> Path:
    if data is None or not data.is_dir():
        message = "repo: no folder is named" if data is None else f"{data}: no folder"
        raise InvalidRequestError(message, suggestion="Name a git repository or a folder of source files")
    if not kinds or not set(kinds) <= set(KINDS):
        raise InvalidRequestError(f"kinds {', '.join(kinds) or 'none'}: expected some of {', '.join(KINDS)}")
    if language is not None and not ParseContext(Cursor("", "", language)).has_parser:
        raise InvalidRequestError(
            f"language {language}: no grammar to cut holes by",
            suggestion="pip install 'sfm2[syntax]' brings those that there are",
        )
    return data.resolve()


def _in_turn(files: Sequence[_File], kinds: Sequence[str]) -> Iterator[Item]:
    for rank in range(PER_FILE):
        for turn in range(len(kinds)):
            for index, file in enumerate(files):
                yield from file.item(kinds[(turn + index) % len(kinds)], rank)


class _File:
    """Read and cut when its first item is asked for."""

    def __init__(self, folder: Path, name: PurePosixPath, language: Language, seed: int) -> None:
        self._folder = folder
        self._name = name
        self._language = language
        self._seed = seed
        self._drawn: dict[str, list[Hole]] = {}

    def item(self, kind: str, rank: int) -> list[Item]:
        """The one of a kind and rank, if the file has so many."""
        return [self._item(kind, hole) for hole in self._holes(kind)[rank : rank + 1]]

    @cached_property
    def _source(self) -> SourceFile | None:
        """None for what does not parse, or what nobody typed."""
        text = text_of(self._folder / self._name)
        if text is None:
            return None
        if self._language is Language.PYTHON:
            return PythonFile.read(text)
        from sfm2.corpus.tree_holes import TreeFile

        return TreeFile.read(text, self._language)

    def _holes(self, kind: str) -> list[Hole]:
        """A few, drawn by the file's own dice, so that they don't hang on what other files there are."""
        if kind not in self._drawn:
            random = Random(f"{self._seed} {self._name} {kind}")
            holes = self._source.holes(kind, random) if self._source is not None else []
            self._drawn[kind] = random.sample(holes, min(PER_FILE, len(holes)))
        return self._drawn[kind]

    def _item(self, kind: str, hole: Hole) -> Item:
        assert self._source is not None
        text = self._source.text
        prefix, expected = text[: hole.start], text[hole.start : hole.end]
        return Item(
            id=f"{self._name}:{prefix.count(chr(10)) + 1}:{kind}:{hole.start}-{hole.end}",
            source=f"{self._folder.name}/{self._name}",
            prefix=prefix,
            suffix=text[hole.end :],
            language=self._language.value,
            kind=kind,
            path=str(self._name),
            expected=expected,
            mode=_MODES.get(kind),
        )
