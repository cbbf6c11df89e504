"""Packages that a completion in Go imports and that neither the module has nor its `go.mod` requires."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.repository.outline import named
from sfm2.repository.unknown.completed import Completed
from sfm2.repository.unknown.files import Files
from sfm2.repository.unknown.packages import around
from sfm2.syntax.parsing.parsing_time import ParsingTime

_IMPORT = re.compile(r"^\s*(?:import\s+)?(?:[\w.]+\s+)?\"[^\"\n]*\"\s*(?://.*)?$", re.MULTILINE)
_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)


def unknown_in_go(file: Completed, files: Files, own: str, time: ParsingTime) -> Iterator[str]:
    """As they are written. `own`: the path of the completion's file."""
    if not _IMPORT.search(_lines_of(file)):
        return
    required = [
        (folder, text)
        for folder in around(own)
        for name in ("go.mod", "go.work")
        if name in (files.names_in(folder) or ()) and (text := files.text(f"{folder}/{name}".lstrip("/")))
    ]
    module = next((found for found in (_own_module(*one) for one in required) if found), None)
    if module is None:
        return
    for path in _new_imports(file, time):
        if _is_unknown(path, module, required, files):
            yield path


def _is_unknown(path: str, module: tuple[str, str], required: list[tuple[str, str]], files: Files) -> bool:
    name, home = module
    if path == name or path.startswith(f"{name}/"):
        folder = f"{home}/{path[len(name) + 1 :]}".strip("/")
        return files.names_in(folder) == frozenset() and not files.is_ignored(f"{folder}/")
    if "." not in path.split("/")[0]:
        return False  # Go's own
    words = (word.strip('"') for _, text in required for word in text.split())
    return not any(path == word or path.startswith(f"{word}/") for word in words) and not _is_imported(path, files)


def _is_imported(path: str, files: Files) -> bool:
    return any(one.module == path for one in files.imports_with(path))


def _own_module(folder: str, text: str) -> tuple[str, str] | None:
    found = _MODULE.search(text)
    return (found[1], folder) if found else None


def _new_imports(file: Completed, time: ParsingTime) -> Iterator[str]:
    lines = file.text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for one in named(file.text, "go", time)[1]:
        at = lines[one.line - 1].find(f'"{one.module}"')
        start = starts[one.line - 1] + at + 1
        if at >= 0 and file.touches(start, start + len(one.module)):
            yield one.module


def _lines_of(file: Completed) -> str:
    """The lines that the completion is in."""
    return file.before[file.before.rfind("\n") + 1 :] + file.completion + file.after.partition("\n")[0]
