"""What is asked of an index, besides `searching`. Each function reads within one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection
from itertools import chain, zip_longest

from sfm2.repository.contents import Definition, Import, Passage
from sfm2.repository.writing import digests

MOST_LINES = 1_000
"""Lines that files are compared by at most"""
_COMMON_LINE = 64  # files; lines in more of them tell none from another

_COUNTS = (
    "SELECT count(*), ifnull(sum(lines), 0) FROM files WHERE lines IS NOT NULL",
    "SELECT count(*) FROM passages",
    "SELECT count(*) FROM definitions",
)
_FILE = "SELECT id FROM files WHERE path = ? AND lines IS NOT NULL"
_TEXT = "SELECT text FROM texts WHERE file = ?"
_PASSAGES = """
    SELECT p.first, p.last, substr(t.text, p.start + 1, p.size)
    FROM passages p JOIN texts t ON t.file = p.file WHERE p.file = ? ORDER BY p.first
"""
_IMPORTS = "SELECT module, names, line FROM imports WHERE file = ? ORDER BY line, rowid"
_FOLDERS_WITH = """
    SELECT DISTINCT ltrim(substr(p, 1, instr(p, :part) - 1), '/')
    FROM (SELECT '/' || path AS p FROM files) WHERE instr(p, :part)
"""
_IMPORTS_WITH = """
    SELECT f.path, i.module, i.names, i.line FROM imports i JOIN files f ON f.id = i.file
    WHERE instr(i.module, ?) OR instr(i.names, ?) LIMIT ?
"""
_DEFINITION = """
    SELECT d.rowid, d.name, d.kind, d.parent, f.path, d.first, d.last, substr(t.text, d.start + 1, d.size)
    FROM definitions d JOIN files f ON f.id = d.file JOIN texts t ON t.file = d.file
"""
_DEFINITIONS_IN = f"{_DEFINITION} WHERE d.file = ? ORDER BY d.first, d.last DESC, d.rowid"
_DEFINITIONS_AT = f"{_DEFINITION} WHERE d.rowid IN (SELECT value FROM json_each(?))"  # noqa: S608 - nothing of others
_DEFINITIONS_OF = "SELECT rowid FROM definitions WHERE name = ? ORDER BY weight, rowid LIMIT ?"


def paths(connection: sqlite3.Connection) -> list[str]:
    """Sorted."""
    return [path for (path,) in connection.execute("SELECT path FROM files WHERE lines IS NOT NULL ORDER BY path")]


def counts(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    """Files, lines, passages and definitions."""
    (files, lines), (passages,), (definitions,) = (connection.execute(one).fetchone() for one in _COUNTS)
    return files, lines, passages, definitions


def text(connection: sqlite3.Connection, path: str) -> str | None:
    """None for a file that is not in the index."""
    row = connection.execute(_FILE, (path,)).fetchone()
    return None if row is None else str(connection.execute(_TEXT, row).fetchone()[0].decode())


def passages(connection: sqlite3.Connection, path: str) -> list[Passage]:
    """In the order of the file."""
    row = connection.execute(_FILE, (path,)).fetchone()
    found = connection.execute(_PASSAGES, row) if row else ()
    return [Passage(path, first, last, text.decode()) for first, last, text in found]


def imports(connection: sqlite3.Connection, path: str) -> list[Import]:
    """In the order of the file."""
    row = connection.execute(_FILE, (path,)).fetchone()
    found = connection.execute(_IMPORTS, row) if row else ()
    return [Import(module, tuple(names.split()), line) for module, names, line in found]


def folders_with(connection: sqlite3.Connection, name: str) -> list[str]:
    """Sorted. Of folders in each other that have it, the outermost."""
    parts = (f"/{name}/", f"/{name}.")
    return sorted({folder for part in parts for (folder,) in connection.execute(_FOLDERS_WITH, {"part": part})})


def imports_with(connection: sqlite3.Connection, part: str, limit: int) -> list[tuple[str, Import]]:
    """With the files that they are in."""
    found = connection.execute(_IMPORTS_WITH, (part, part, limit))
    return [(path, Import(module, tuple(names.split()), line)) for path, module, names, line in found]


def definitions_in(connection: sqlite3.Connection, path: str) -> list[Definition]:
    """In the order of the file."""
    row = connection.execute(_FILE, (path,)).fetchone()
    return [_definition(*found) for _, *found in connection.execute(_DEFINITIONS_IN, row)] if row else []


def definitions_of(connection: sqlite3.Connection, names: Collection[str], limit: int, most: int) -> list[Definition]:
    """The first of each name, then the second of each. A name with more than `most` is left out."""
    asked = ((name, most + 1) for name in dict.fromkeys(names))
    found = [rows for one in asked if len(rows := connection.execute(_DEFINITIONS_OF, one).fetchall()) <= most]
    taken = [row[0] for row in chain.from_iterable(zip_longest(*found)) if row][:limit]
    at = {row: _definition(*rest) for row, *rest in connection.execute(_DEFINITIONS_AT, (json.dumps(taken),))}
    return [at[row] for row in taken]


def with_lines(connection: sqlite3.Connection, lines: Collection[str], limit: int) -> list[tuple[str, int]]:
    """Files with how many of the lines they have, the best first."""
    counts: Counter[int] = Counter()
    weights: dict[int, float] = {}
    for digest in sorted(digests(lines))[:MOST_LINES]:
        found = connection.execute(
            "SELECT file FROM lines WHERE digest = ? LIMIT ?", (digest, _COMMON_LINE + 1)
        ).fetchall()
        if len(found) <= _COMMON_LINE:
            for (file,) in found:
                counts[file] += 1
                weights[file] = weights.get(file, 0.0) + 1 / len(found)
    best = sorted(weights, key=lambda file: (-weights[file], file))[:limit]
    return [(_path(connection, file), counts[file]) for file in best]


def _path(connection: sqlite3.Connection, file: int) -> str:
    return str(connection.execute("SELECT path FROM files WHERE id = ?", (file,)).fetchone()[0])


def _definition(name: str, kind: str, parent: str, path: str, first: int, last: int, text: bytes) -> Definition:
    return Definition(name, kind, parent, Passage(path, first, last, text.decode()))
