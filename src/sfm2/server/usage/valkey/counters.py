"""Counters and rates in Valkey: a hash of sums, and a list of times for each client."""

from __future__ import annotations

import json
from collections import Counter

from sfm2.server.usage import recent
from sfm2.server.usage.tables import CountedBatch, RateHit
from sfm2.server.usage.valkey import names
from sfm2.server.usage.valkey.server import ValkeyServer

_REMEMBERED = 7 * 86_400
"""Seconds for which a writer may try a batch again that may have been written"""
# A batch that was sent twice may arrive late, after the next. ARGV: its number, for how many seconds that is remembered, and
# steps; how many totals there are, then these as names and values; then names of steps, names and values.
_ADD = """
local last = redis.call('GET', KEYS[2])
if last and tonumber(last) >= tonumber(ARGV[1]) then return end
local steps = 5 + 2 * ARGV[4]
for place = 5, steps - 1, 2 do
  redis.call('HINCRBYFLOAT', KEYS[1], ARGV[place], ARGV[place + 1])
end
for place = steps, #ARGV, 3 do
  redis.call('HINCRBYFLOAT', ARGV[place], ARGV[place + 1], ARGV[place + 2])
  redis.call('EXPIRE', ARGV[place], ARGV[3])
end
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
"""
# The sums of an hour are 700 times less to send, and to read here, than what they are made of. KEYS: steps, the newest
# first. ARGV: for each window, the shortest first, how many of the steps it holds.
_SUMS = """
local sums, windows, place = {}, {}, 0
for window, steps in ipairs(ARGV) do
  while place < tonumber(steps) do
    place = place + 1
    local counted = redis.call('HGETALL', KEYS[place])
    for at = 1, #counted, 2 do
      sums[counted[at]] = (sums[counted[at]] or 0) + counted[at + 1]
    end
  end
  windows[window] = cjson.encode(sums)
end
return windows
"""
# In microseconds of the server's clock, which all machines share.
_HIT = """
local hits, amount, seconds = KEYS[1], tonumber(ARGV[1]), ARGV[2]
local time = redis.call('TIME')
local now, span = time[1] * 1000000 + time[2], seconds * 1000000
local oldest = redis.call('LINDEX', hits, 0)
while oldest and tonumber(oldest) <= now - span do
  redis.call('LPOP', hits)
  oldest = redis.call('LINDEX', hits, 0)
end
local count, allowed = redis.call('LLEN', hits), 0
if count < amount then
  local stamp = string.format('%.0f', now)
  redis.call('RPUSH', hits, stamp)
  redis.call('EXPIRE', hits, seconds)
  count, allowed, oldest = count + 1, 1, oldest or stamp
end
return {allowed, count, string.format('%.0f', (oldest or now) + span - now)}
"""


class ValkeyCounters:
    """The counters in a server: a `CounterTable`."""

    def __init__(self, server: ValkeyServer) -> None:
        self._server = server

    def all(self) -> dict[str, float]:
        """All counters."""
        return {name: float(value) for name, value in self._server.command("HGETALL", names.COUNTERS).items()}

    def windows(self, now: float) -> dict[str, Counter[str]]:
        """What was counted in each of `recent.WINDOWS`, which end at the Unix time `now`."""
        windows = sorted(recent.WINDOWS.items(), key=lambda window: window[1])
        begins = [recent.begin(now, seconds) for _, seconds in windows]
        steps = range(begins[-1], int(now) + 1, recent.STEP)
        holds = [len(range(begin, int(now) + 1, recent.STEP)) for begin in begins]
        found = self._server.script(_SUMS, [f"{names.RECENT}{at}" for at in reversed(steps)], holds)
        return {
            name: Counter({counter: int(value) for counter, value in json.loads(sums).items()})
            for (name, _), sums in zip(windows, found, strict=True)
        }

    def add(self, batch: CountedBatch, now: float) -> None:
        """Add to the counters, unless this batch has been added. Steps expire by themselves."""
        values: list[str | float] = [batch.number, _REMEMBERED, recent.LONGEST + 2 * recent.STEP, len(batch.totals)]
        for name, value in batch.totals.items():
            values += (name, value)
        for (at, name), value in batch.steps.items():
            values += (f"{names.RECENT}{at}", name, value)
        self._server.script(_ADD, [names.COUNTERS, names.WRITER + batch.writer], values)


class ValkeyRates:
    """Requests in a server: a `RateTable`. One round trip a request."""

    def __init__(self, server: ValkeyServer) -> None:
        self._server = server

    def hit(self, name: str, amount: int, span: int) -> RateHit:
        """Count a request of `name` unless there were `amount` within the last `span` seconds."""
        allowed, used, reset = self._server.script(_HIT, [names.RATE + name], [amount, span])
        return RateHit(bool(allowed), used, int(reset) / 1e6)
