"""Finds passages by their words: BM25, over the rarest words that were asked for.

A word in very many passages costs much and tells little. So the rare ones are counted first, then the more frequent ones,
until a number of places has been looked at. Lengths count among the best.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection
from heapq import nlargest
from math import log

from sfm2.repository.contents import Passage
from sfm2.repository.words import searched

_MOST_PLACES = 1_500  # that are looked at
_MOST_WORDS = 100  # that are looked up
_MEASURED = 3  # times as many passages as are wanted have their length taken into account
_SATURATION, _LENGTHS = 1.2, 0.75  # BM25's k1 and b

_PASSAGES = """
    SELECT p.id, f.path, p.first, p.last, substr(t.text, p.start + 1, p.size)
    FROM json_each(?) JOIN passages p ON p.id = value JOIN files f ON f.id = p.file JOIN texts t ON t.file = p.file
"""
_FREQUENT = "SELECT word, passages FROM frequent WHERE word IN (SELECT value FROM json_each(?))"
_LENGTHS_OF = "SELECT id, words FROM passages WHERE id IN (SELECT value FROM json_each(?))"


def search(connection: sqlite3.Connection, words: Collection[str], limit: int) -> list[tuple[Passage, float]]:
    """The best passages with their BM25, the best first."""
    passages, total = connection.execute("SELECT passages, words FROM about").fetchone()
    found = {word: (counts, _rarity(passages, df)) for word, counts, df in _places(connection, searched(words))}
    rough: dict[int, float] = {}
    for counts, rarity in found.values():
        for passage, count in counts.items():
            rough[passage] = rough.get(passage, 0.0) + rarity * count * (_SATURATION + 1) / (count + _SATURATION)
    candidates = nlargest(limit * _MEASURED, rough, key=rough.__getitem__)
    average = total / passages if passages else 1.0
    scores = {passage: _score(passage, found, words / average) for passage, words in _lengths(connection, candidates)}
    best = sorted(scores, key=lambda passage: (-scores[passage], passage))[:limit]
    at = _passages(connection, best)
    return [(at[passage], scores[passage]) for passage in best]


def _places(connection: sqlite3.Connection, words: list[str]) -> list[tuple[str, Counter[int], int]]:
    """Each word with how often it is in which passage, and in how many it is; the most frequent words are left out."""
    known = _known(connection, words[:_MOST_WORDS])
    found: list[tuple[str, Counter[int], int]] = []
    looked_at = 0
    for word in sorted(known, key=lambda word: known[word]):
        if found and looked_at + known[word] > _MOST_PLACES:
            break
        rows = connection.execute("SELECT doc FROM occurrences WHERE term = ? LIMIT ?", (word, _MOST_PLACES)).fetchall()
        counts = Counter(passage for (passage,) in rows)
        looked_at += len(rows)
        if counts:
            found.append((word, counts, max(len(counts), known[word])))
    return found


def _known(connection: sqlite3.Connection, words: list[str]) -> dict[str, int]:
    """In how many passages each word was when that was counted last; 0: in few."""
    rows = connection.execute(_FREQUENT, (json.dumps(words),))
    return dict.fromkeys(words, 0) | dict(rows)


def _rarity(passages: int, found: int) -> float:
    """BM25's inverse document frequency."""
    return log(1 + (max(passages, found) - found + 0.5) / (found + 0.5))


def _score(passage: int, found: dict[str, tuple[Counter[int], float]], length: float) -> float:
    share = _SATURATION * (1 - _LENGTHS + _LENGTHS * length)
    return sum(
        rarity * counts[passage] * (_SATURATION + 1) / (counts[passage] + share)
        for counts, rarity in found.values()
        if passage in counts
    )


def _lengths(connection: sqlite3.Connection, passages: list[int]) -> list[tuple[int, int]]:
    return connection.execute(_LENGTHS_OF, (json.dumps(passages),)).fetchall()


def _passages(connection: sqlite3.Connection, passages: list[int]) -> dict[int, Passage]:
    rows = connection.execute(_PASSAGES, (json.dumps(passages),))
    return {passage: Passage(path, first, last, text.decode()) for passage, path, first, last, text in rows}
