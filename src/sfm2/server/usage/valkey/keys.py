"""API keys in Valkey, and the log of what was done to them: a hash for each key, and a stream.

Numbers stay the texts that they were written as: a script's own numbers lose digits when they become texts. Scripts write
the log first: what they did before an error stays done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sfm2.server.usage import key_records
from sfm2.server.usage.key_records import Act, Key, StoredKey
from sfm2.server.usage.valkey import names
from sfm2.server.usage.valkey.server import ValkeyServer
from sfm2.types import AuditEntry, KeyScope

# KEYS: the key, the log, the log's newest id. ARGV: the entry of the log, how many are kept, the time, ...
_LOG = """
local function log()
  local id = redis.call('INCR', KEYS[3])
  local newest = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  local last = newest and tonumber(string.match(newest[1], '^%d+')) or 0
  if id <= last then  -- the counter was lost, and the log was not
    id = last + 1
    redis.call('SET', KEYS[3], string.format('%.0f', id))
  end
  redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[2], string.format('%.0f-0', id), 'entry', ARGV[1])
end
"""
# ... the id, then fields and values. KEYS[4]: all ids.
_INSERT = f"""{_LOG}
log()
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[4])
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
"""
# ... the hash of the new secret, until when the present one works, the new end or ''.
_REPLACE_SECRET = f"""{_LOG}
local hash, revoked, ends = unpack(redis.call('HMGET', KEYS[1], 'hash', 'revoked_at', 'expires_at'))
if hash == ARGV[4] then return 1 end
if not hash or revoked or (ends and tonumber(ends) <= tonumber(ARGV[3])) then return 0 end
local previous = ARGV[5]
if ends and tonumber(ends) < tonumber(previous) then previous = ends end
log()
redis.call('HSET', KEYS[1], 'hash', ARGV[4], 'previous_hash', hash, 'previous_until', previous)
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'expires_at', ARGV[6]) end
return 1
"""
_REVOKE = f"""{_LOG}
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'revoked_at') == 1 then return end
log()
redis.call('HSET', KEYS[1], 'revoked_at', ARGV[3])
"""
_USED = """
for number, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'last_used_at', ARGV[number]) end
end
"""
_TIMES = ("revoked_at", "expires_at", "last_used_at", "previous_until")


class ValkeyKeys:
    """The keys in a server: a `KeyTable`."""

    def __init__(self, server: ValkeyServer) -> None:
        self._server = server

    def insert(self, key: Key, digest: bytes, act: Act) -> None:
        """Add a key; `digest` is the SHA-256 of its secret."""
        fields: dict[str, str | float | None] = {
            "name": key.name,
            "hash": digest.hex(),
            "rate": key.rate,
            "created_at": key.created_at,
            "adapter": key.adapter,
            "scopes": " ".join(key.scopes),
            "expires_at": key.expires_at,
        }
        given = [part for name, value in fields.items() if value is not None for part in (name, value)]
        self._do(_INSERT, act, key.id, *given)

    def all(self) -> list[Key]:
        """All keys, oldest first."""
        ids = self._server.command("ZRANGE", names.KEYS, 0, -1)
        found = self._server.commands([("HGETALL", names.KEY + key_id) for key_id in ids])
        return [_key(key_id, fields) for key_id, fields in zip(ids, found, strict=True) if fields]

    def any(self) -> bool:
        """Whether there are keys."""
        return bool(self._server.command("EXISTS", names.KEYS))

    def find(self, key_id: str) -> StoredKey | None:
        """The key with this id."""
        fields = self._server.command("HGETALL", names.KEY + key_id)
        if not fields:
            return None
        previous = fields.get("previous_hash")
        return StoredKey(
            _key(key_id, fields), bytes.fromhex(fields["hash"]), bytes.fromhex(previous) if previous else None
        )

    def replace_secret(self, digest: bytes, previous_until: float, expires_at: float | None, act: Act) -> bool:
        """Give the key of the act another secret, unless it was revoked or has expired: whether it has that one now."""
        end = "" if expires_at is None else expires_at
        return bool(self._do(_REPLACE_SECRET, act, digest.hex(), previous_until, end))

    def revoke(self, act: Act) -> None:
        """Revoke the key of the act. One that is revoked keeps its date, and nothing is logged."""
        self._do(_REVOKE, act)

    def used(self, times: Mapping[str, float]) -> None:
        """Note when keys were used: the Unix time for each id."""
        self._server.script(_USED, [names.KEY + key_id for key_id in times], list(times.values()))

    def log(self, limit: int, before: int | None) -> list[AuditEntry]:
        """The newest entries of the log, `limit` at most, newest first; with `before`, of those older than this id."""
        newest = "+" if before is None else str(before - 1)
        found = self._server.command("XREVRANGE", names.KEY_LOG, newest, "-", "COUNT", limit)
        return [AuditEntry(id=int(entry.partition("-")[0]), **json.loads(fields["entry"])) for entry, fields in found]

    def _do(self, script: str, act: Act, *values: str | float) -> Any:
        """Run a script that writes the log, if it does something."""
        entry = {
            "at": act.at,
            "action": act.action,
            "key_id": act.key_id,
            "by_key": act.by.key_id,
            "by_user": act.by.user,
            "address": act.by.address,
            "details": act.details,
        }
        keys = [names.KEY + act.key_id, names.KEY_LOG, names.KEY_LOG_ID, names.KEYS]
        return self._server.script(script, keys, [json.dumps(entry), key_records.LOGGED, act.at, *values])


def _key(key_id: str, fields: Mapping[str, str]) -> Key:
    times = {name: float(fields[name]) for name in _TIMES if name in fields}
    named = fields["scopes"].split()
    return Key(
        id=key_id,
        name=fields["name"],
        rate=fields.get("rate"),
        created_at=float(fields["created_at"]),
        adapter=fields.get("adapter"),
        scopes=tuple(scope for scope in KeyScope if scope in named),
        **{"revoked_at": None, **times},
    )
