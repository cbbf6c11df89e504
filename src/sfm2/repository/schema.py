"""The tables of an index. A file with other tables is not changed into these: it is built anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

VERSION = 1
"""Goes up with every change of the tables, or of what words, passages and definitions are made of a text."""
_OURS = 0x5F4D0216  # SQLite's `application_id`: the file is no other program's

# Texts are kept: what is found is of the version that it was found in, whatever is on the disk by then. A place in a text
# is `start` and `size` in bytes. Words and digests are taken out again by making them of the old text once more, so that
# they need no second table. FTS5 is the index of words only: its own bm25() takes five times as long as `searching`.
_TABLES = """
CREATE TABLE about (root TEXT NOT NULL, passages INTEGER NOT NULL, words INTEGER NOT NULL);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL, digest BLOB NOT NULL, lines INTEGER
);
CREATE TABLE texts (file INTEGER PRIMARY KEY, text BLOB NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, heading TEXT NOT NULL,
    start INTEGER NOT NULL, size INTEGER NOT NULL, words INTEGER NOT NULL
);
CREATE INDEX passages_by_file ON passages (file);
CREATE TABLE definitions (
    file INTEGER NOT NULL, name TEXT NOT NULL, weight INTEGER NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL
);
CREATE INDEX definitions_by_name ON definitions (name, weight);
CREATE INDEX definitions_by_file ON definitions (file);
CREATE TABLE imports (file INTEGER NOT NULL, line INTEGER NOT NULL, module TEXT NOT NULL, names TEXT NOT NULL);
CREATE INDEX imports_by_file ON imports (file);
CREATE TABLE lines (digest INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (digest, file)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(spelt, content = '', columnsize = 0, tokenize = "ascii tokenchars '_'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, row);
CREATE VIRTUAL TABLE occurrences USING fts5vocab(words, instance);
CREATE TABLE frequent (word TEXT PRIMARY KEY, passages INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO words (words, rank) VALUES ('hashsize', 16000000);
"""


class ForeignFileError(Exception):
    """The file is another program's database."""


def prepare(connection: sqlite3.Connection, root: Path) -> bool:
    """Make the tables in a new file. False for an index of another version, or of another folder than `root`.

    Raises `ForeignFileError`, and SQLite's errors.
    """
    is_new = _is_new(connection)  # before anything is changed: it may be another program's
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -32000")  # kB
    connection.execute("PRAGMA temp_store = MEMORY")
    if not is_new:
        return _fits(connection, root)
    connection.execute("BEGIN IMMEDIATE")  # two processes may open a new file at once
    try:
        if _is_new(connection):
            for statement in _TABLES.strip().split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO about VALUES (?, 0, 0)", (str(root),))
            connection.execute(f"PRAGMA application_id = {_OURS}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return _fits(connection, root)


def _is_new(connection: sqlite3.Connection) -> bool:
    application, version = _number(connection, "application_id"), _number(connection, "user_version")
    if application == _OURS:
        return False
    if application or version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise ForeignFileError
    return True


def _fits(connection: sqlite3.Connection, root: Path) -> bool:
    if _number(connection, "user_version") != VERSION:
        return False
    return bool(connection.execute("SELECT root FROM about").fetchall() == [(str(root),)])


def _number(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
