"""Completions in Valkey, and what became of them: a hash for each, which expires, and their ids by time."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sfm2.server.usage import feedback
from sfm2.server.usage.feedback import CalibrationExample, CompletionRecord, Report, example_of
from sfm2.server.usage.valkey import names
from sfm2.server.usage.valkey.server import ValkeyServer

T = TypeVar("T")
_AT_ONCE = 500  # A script keeps all others waiting.
# KEYS: the ids, the counters. ARGV: what begins a completion's name, and a counter's; the time before which completions
# are forgotten, and how many are kept; completions and reports as JSON, in which all values are texts.
_RECORD = """
local begins, counter = ARGV[1], ARGV[2]
for _, one in ipairs(cjson.decode(ARGV[5])) do
  local name = begins .. one.id
  if redis.call('EXISTS', name) == 0 then
    redis.call('HSET', name, unpack(one.fields))
    redis.call('EXPIREAT', name, one.expires)
    redis.call('ZADD', KEYS[1], one.at, one.id)
  end
end
for _, one in ipairs(cjson.decode(ARGV[6])) do
  local name = begins .. one.id
  local sent, key, earlier = unpack(redis.call('HMGET', name, 'at', 'key_id', 'outcome'))
  if sent and (key or '') == one.key and earlier ~= one.outcome then
    redis.call('HSET', name, 'outcome', one.outcome)
    redis.call('HINCRBYFLOAT', KEYS[2], counter .. one.outcome, 1)
    if earlier then redis.call('HINCRBYFLOAT', KEYS[2], counter .. earlier, -1) end
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[3])
local over = redis.call('ZCARD', KEYS[1]) - ARGV[4]
if over > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[1], over)
  for place = 1, #oldest, 2 do redis.call('DEL', begins .. oldest[place]) end
end
"""
_FOR_CALIBRATION = ("features", "outcome", "weights", "key_id", "at")


class ValkeyCompletions:
    """The completions in a server: a `CompletionTable`."""

    def __init__(self, server: ValkeyServer) -> None:
        self._server = server

    def known(self, completion_id: str, key_id: str | None) -> bool:
        """Whether the key has a completion with this id."""
        sent, found = self._server.command("HMGET", names.COMPLETION + completion_id, "at", "key_id")
        return sent is not None and found == key_id

    def record(self, completions: Collection[CompletionRecord], reports: Collection[Report]) -> None:
        """Write completions, then reports, and delete the oldest completions beyond the limits.

        Some hundred at once: what fails in between is written again, and that is harmless.
        """
        for some in _chunks([_sent(one) for one in completions]):
            self._record(some, [])
        for some in _chunks([{"id": one.id, "key": one.key_id or "", "outcome": one.outcome} for one in reports]):
            self._record([], some)

    def _record(self, completions: Sequence[dict[str, Any]], reports: Sequence[dict[str, Any]]) -> None:
        limits = (time.time() - feedback.KEPT_SECONDS, feedback.KEPT_ROWS)
        values = (names.COMPLETION, feedback.COUNTER, *limits, json.dumps(completions), json.dumps(reports))
        self._server.script(_RECORD, [names.COMPLETIONS, names.COUNTERS], values)

    def calibration_examples(self) -> list[CalibrationExample]:
        """All completions with an outcome and features, oldest first."""
        ids = self._server.command("ZRANGE", names.COMPLETIONS, 0, -1)
        found: list[CalibrationExample] = []
        for some in _chunks(ids):
            rows = self._server.commands([("HMGET", names.COMPLETION + one, *_FOR_CALIBRATION) for one in some])
            found += [_example(row) for row in rows if row[0] and row[1]]
        return found


def _sent(one: CompletionRecord) -> dict[str, Any]:
    values = {**one._asdict(), "calibrated": int(one.calibrated)}
    fields = [
        part for name, value in values.items() if name != "id" and value is not None for part in (name, str(value))
    ]
    return {"id": one.id, "at": str(one.at), "expires": str(int(one.at + feedback.KEPT_SECONDS)), "fields": fields}


def _example(row: Sequence[str]) -> CalibrationExample:
    features, outcome, weights, key_id, at = row
    return example_of(features, outcome, weights, key_id, float(at))


def _chunks(values: Sequence[T]) -> Iterator[list[T]]:
    left = iter(values)
    while some := list(islice(left, _AT_ONCE)):
        yield some
