"""Holes cut out of the source files of any git repository or folder, to evaluate a model on your own code.

Items are spread over the files: first one of each file, in alternating kinds, then a second one of each, and so on. The same
folder, seed and kinds give the same items, and a smaller limit gives the first of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from random import Random

from sfm2.corpus.files import main_language, source_files, text_of
from sfm2.corpus.holes import HoleSpan, ParsedFile
from sfm2.corpus.python_holes import PythonFile
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item
from sfm2.installation import command_for
from sfm2.syntax.hole import Hole as Cursor
from sfm2.syntax.parsing import ParseContext
from sfm2.types import Language

NAME = "repo"
KINDS = ("line", "block", "span")
"""The kinds of holes."""
PER_FILE = 3
"""The most items of a kind from one file."""
_MODES = {"line": "line", "block": "block"}


def load(
    data: Path | None,
    limit: int | None = None,
    seed: int = 0,
    kinds: Sequence[str] = KINDS,
    language: Language | None = None,
    tests: bool = False,
) -> list[Item]:
    """At most `limit` items (all, if None) from the files in the folder `data`.

    `language` defaults to that of most files; test files are used only if `tests`. Raises InvalidRequestError when `data` is
    not a folder, a kind is unknown, the language has no grammar, or there is nothing to cut.
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
            suggestion="Files that are generated, vendored, minified or over 200 kB are left out, and so are test files",
        )
    return items


def _checked(data: Path | None, kinds: Sequence[str], language: Language | None) -> Path:
    if data is None or not data.is_dir():
        message = "repo: a folder must be given" if data is None else f"{data}: not a folder"
        raise InvalidRequestError(message, suggestion="Name a git repository or a folder of source files")
    if not kinds or not set(kinds) <= set(KINDS):
        raise InvalidRequestError(f"kinds {', '.join(kinds) or 'none'}: expected some of {', '.join(KINDS)}")
    if language is not None and not ParseContext(Cursor("", "", language)).has_parser:
        raise InvalidRequestError(
            f"language {language}: no grammar to cut holes by",
            suggestion=f"{command_for('more-syntax')} installs all grammars",
        )
    return data.resolve()


def _in_turn(files: Sequence[_File], kinds: Sequence[str]) -> Iterator[Item]:
    for rank in range(PER_FILE):
        for turn in range(len(kinds)):
            for index, file in enumerate(files):
                yield from file.item(kinds[(turn + index) % len(kinds)], rank)


class _File:
    """A source file, read and cut when its first item is needed."""

    def __init__(self, folder: Path, name: PurePosixPath, language: Language, seed: int) -> None:
        self._folder = folder
        self._name = name
        self._language = language
        self._seed = seed
        self._drawn: dict[str, list[HoleSpan]] = {}

    def item(self, kind: str, rank: int) -> list[Item]:
        """The item of a kind with number `rank`, or none if the file has fewer."""
        return [self._item(kind, hole) for hole in self._holes(kind)[rank : rank + 1]]

    @cached_property
    def _source(self) -> ParsedFile | None:
        """The parsed file; None if it does not parse or was not written by hand."""
        text = text_of(self._folder / self._name)
        if text is None:
            return None
        if self._language is Language.PYTHON:
            return PythonFile.read(text)
        from sfm2.corpus.tree_holes import TreeFile

        return TreeFile.read(text, self._language)

    def _holes(self, kind: str) -> list[HoleSpan]:
        """A sample of the holes of a kind. It is seeded per file, so that it does not depend on the other files."""
        if kind not in self._drawn:
            random = Random(f"{self._seed} {self._name} {kind}")
            holes = self._source.holes(kind, random) if self._source is not None else []
            self._drawn[kind] = random.sample(holes, min(PER_FILE, len(holes)))
        return self._drawn[kind]

    def _item(self, kind: str, hole: HoleSpan) -> Item:
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
