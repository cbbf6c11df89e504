"""Small repositories as they are on a disk, and completions in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from sfm2 import languages
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.unknown.files import IndexedFiles
from sfm2.repository.unknown.judging import unknown_names

CURSOR, END = "⟦", "⟧"
"""Around the completion in a text."""

Judges = Callable[..., list[str]]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judges]:
    """What is unknown of a completion in the file at `path` of a repository with these files."""
    known: dict[tuple[tuple[str, str], ...], RepositoryIndex] = {}

    def indexed(files: Mapping[str, str]) -> RepositoryIndex:
        content = tuple(files.items())
        if content not in known:
            folder = tmp_path_factory.mktemp("repository")
            known[content] = index = RepositoryIndex.open(write(folder / "root", files), folder / "index.db")
            index.update()
        return known[content]

    def judge(files: Mapping[str, str], path: str, text: str, mentioned: tuple[str, ...] = ()) -> list[str]:
        return judgement(indexed(files), path, text, mentioned)

    yield judge
    for index in known.values():
        index.close()


def write(root: Path, files: Mapping[str, str]) -> Path:
    root.mkdir()
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


def judgement(index: RepositoryIndex, path: str, text: str, mentioned: tuple[str, ...] = ()) -> list[str]:
    prefix, rest = text.split(CURSOR)
    completion, suffix = rest.split(END)
    return unknown_names(
        IndexedFiles(index, {path}),
        *(prefix, completion, suffix),
        language=languages.of_path(path),
        own=path,
        mentioned=mentioned,
    )
