"""Puts files into an index, and takes them out."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from itertools import accumulate
from typing import NamedTuple

from sfm2 import languages
from sfm2.repository.outline import Positions, between, positions
from sfm2.repository.passages import Cut
from sfm2.repository.reading import Content, Stamp
from sfm2.repository.words import words
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.syntax.recognition import recognise

SHORTEST_LINE = 5
"""Characters; shorter lines say nothing about a file."""
_DIGEST = 6  # bytes, as SQLite packs them; two of a million lines have the same once in a thousand repositories
_PARSING = 1.0  # seconds for one file
# What is given first of several definitions of a name.
_WEIGHTS = {"impl": 2, "method": 2, "variable": 1, "field": 3, "member": 3}
_MOVE = "UPDATE passages SET first = ?, last = ?, heading = ?, start = ?, size = ? WHERE id = ?"
FREQUENT = 100
"""Passages; how many more have a word is counted ahead of time."""


class ReadFile(NamedTuple):
    """A file that is ready to be put in."""

    path: str
    content: Content
    text: str | None
    lines: list[str]
    found: Positions | None
    """None with no text: it is remembered only so that it is not read again."""


class Written(NamedTuple):
    """What became of a file."""

    was_in: bool
    is_in: bool
    changed: bool


def read(path: str, content: Content) -> ReadFile:
    """Parse a file."""
    if content.text is None:
        return ReadFile(path, content, None, [], None)
    time = ParsingTime(_PARSING)
    sharers = languages.all_of_path(path)
    language = sharers[0] if len(sharers) == 1 else recognise(content.text, path=path, time=time).language
    lines = content.text.split("\n")
    return ReadFile(path, content, content.text, lines, positions(content.text, lines, language, time))


def put(connection: sqlite3.Connection, file: ReadFile) -> Written:
    """Put a file in, in place of what is there of it. Nothing is written if that is the same."""
    row = connection.execute("SELECT id, digest, lines FROM files WHERE path = ?", (file.path,)).fetchone()
    stamp, count = file.content.stamp, len(file.lines) if file.found else None
    if row and row[1] == file.content.digest and (row[2] is None) == (count is None):
        restamp(connection, row[0], stamp)
        return Written(count is not None, count is not None, changed=False)
    was_in = bool(row and row[2] is not None)
    before = _kept(connection, row[0], file.path) if row and was_in else _NOTHING
    values = (*stamp, file.content.digest, count)
    if row:
        number = row[0]
        connection.execute(
            "UPDATE files SET mtime_ns = ?, ctime_ns = ?, size = ?, digest = ?, lines = ? WHERE id = ?",
            (*values, number),
        )
    else:
        number = connection.execute(
            "INSERT INTO files (path, mtime_ns, ctime_ns, size, digest, lines) VALUES (?, ?, ?, ?, ?, ?)",
            (file.path, *values),
        ).lastrowid
    if file.found is not None and file.text is not None:
        _put_in(connection, number, file.path, file.text, file.lines, file.found, before)
    else:
        _take_out(connection, number, before)
    return Written(was_in, count is not None, changed=True)


def restamp(connection: sqlite3.Connection, number: int, stamp: Stamp) -> None:
    """The file with this number was looked at, and has the text that is known."""
    connection.execute("UPDATE files SET mtime_ns = ?, ctime_ns = ?, size = ? WHERE id = ?", (*stamp, number))


def remove(connection: sqlite3.Connection, path: str) -> bool:
    """Take a file out; whether it was in."""
    row = connection.execute("SELECT id, lines FROM files WHERE path = ?", (path,)).fetchone()
    if row is None:
        return False
    if row[1] is not None:
        _take_out(connection, row[0], _kept(connection, row[0], path))
    connection.execute("DELETE FROM files WHERE id = ?", (row[0],))
    return row[1] is not None


def digests(lines: Iterable[str]) -> set[int]:
    """The digests of those lines that say something, without the spaces around them."""
    stripped = {line.strip() for line in lines}
    return {
        int.from_bytes(blake2b(line.encode(errors="replace"), digest_size=_DIGEST).digest(), "big", signed=True)
        for line in stripped
        if len(line) >= SHORTEST_LINE
    }


def note_frequent_words(connection: sqlite3.Connection) -> None:
    """Count in how many passages the frequent words are, if there are many new passages."""
    (before,) = connection.execute("SELECT passages FROM about").fetchone()
    now, total = connection.execute("SELECT count(*), ifnull(sum(words), 0) FROM passages").fetchone()
    if before and before * 0.8 <= now <= before * 1.25:
        return
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.execute("DELETE FROM frequent")
    connection.execute("INSERT INTO frequent SELECT term, doc FROM vocabulary WHERE doc > ?", (FREQUENT,))
    connection.execute("UPDATE about SET passages = ?, words = ?", (now, total))


class _Kept(NamedTuple):
    """What there is of a file that is looked for by its words and lines: the costly part of an index."""

    passages: dict[int, str]
    """The words of each, by its number."""
    lines: set[int]
    """Digests."""


_NOTHING = _Kept({}, set())


def _kept(connection: sqlite3.Connection, number: int, path: str) -> _Kept:
    """Made of the text once more; its digests and words are kept in no other place."""
    (text,) = connection.execute("SELECT text FROM texts WHERE file = ?", (number,)).fetchone()
    lines = text.decode().split("\n")
    rows = connection.execute("SELECT id, first, last, heading FROM passages WHERE file = ?", (number,)).fetchall()
    return _Kept({row[0]: _words(path, lines, Cut(*row[1:])) for row in rows}, digests(lines))


def _put_in(
    connection: sqlite3.Connection,
    number: int | None,
    path: str,
    text: str,
    lines: list[str],
    found: Positions,
    before: _Kept,
) -> None:
    """Write what is new. A passage with the words of one that was there before takes its row, wherever it has moved to."""
    starts = [0, *accumulate(len(line.encode()) + 1 for line in lines)]
    now, same = digests(lines), defaultdict[str, list[int]](list)
    for passage, spelt in before.passages.items():
        same[spelt].append(passage)
    new: list[tuple[Cut, str]] = []
    for one in found.passages:
        spelt = _words(path, lines, one)
        if same[spelt]:
            place = (*one, *_place(starts, one.first, one.last), same[spelt].pop())
            connection.execute(_MOVE, place)
        else:
            new.append((one, spelt))
    left = {passage: spelt for spelt, passages in same.items() for passage in passages}
    _take_out(connection, number, _Kept(left, before.lines - now))
    connection.execute("INSERT INTO texts VALUES (?, ?)", (number, text.encode()))
    connection.executemany(
        "INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (number, one.name, _WEIGHTS.get(one.kind, 0), *one[1:], *_place(starts, one.first, one.last))
            for one in found.definitions
        ],
    )
    connection.executemany(
        "INSERT INTO imports VALUES (?, ?, ?, ?)",
        [(number, one.line, one.module, " ".join(one.names)) for one in found.imports],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO lines VALUES (?, ?)", [(one, number) for one in sorted(now - before.lines)]
    )
    for one, spelt in new:
        values = (number, *one, *_place(starts, one.first, one.last), spelt.count(" ") + 1)
        added = connection.execute(
            "INSERT INTO passages (file, first, last, heading, start, size, words) VALUES (?, ?, ?, ?, ?, ?, ?)", values
        ).lastrowid
        connection.execute("INSERT INTO words (rowid, spelt) VALUES (?, ?)", (added, spelt))


def _take_out(connection: sqlite3.Connection, number: int | None, gone: _Kept) -> None:
    """Delete what is gone of a file, and what is written anew each time."""
    connection.executemany("INSERT INTO words (words, rowid, spelt) VALUES ('delete', ?, ?)", gone.passages.items())
    connection.executemany("DELETE FROM passages WHERE id = ?", [(passage,) for passage in gone.passages])
    connection.executemany("DELETE FROM lines WHERE digest = ? AND file = ?", [(one, number) for one in gone.lines])
    for table in ("texts", "definitions", "imports"):
        connection.execute(f"DELETE FROM {table} WHERE file = ?", (number,))  # noqa: S608


def _place(starts: list[int], first: int, last: int) -> tuple[int, int]:
    """Where lines are in the text: the byte that they begin at, and how many there are without the last line break."""
    return starts[first - 1], starts[last] - 1 - starts[first - 1]


def _words(path: str, lines: list[str], passage: Cut) -> str:
    """What a passage is found by: its own words, those around it, and the file's name."""
    name = path.rpartition("/")[2].rpartition(".")[0]
    return words(f"{name} {passage.heading} {between(lines, passage.first, passage.last)}")
