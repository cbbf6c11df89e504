"""Moving windows for `limits` in our own store, which has no SQLite storage: one row a request, shared by all workers."""

from __future__ import annotations

import sqlite3
import time

from limits.aio.storage import MovingWindowSupport, Storage

from sfm2.server.store import AsyncStore, Store


class StoredRates(Storage, MovingWindowSupport):
    """Moving windows only: the counters of other strategies are not kept."""

    STORAGE_SCHEME = None

    def __init__(self, store: AsyncStore) -> None:
        super().__init__()
        self._store = store

    @property
    def base_exceptions(self) -> type[Exception]:
        return sqlite3.Error

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return await self._store.run(lambda store: _acquire(store, key, limit, expiry, amount))

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        return await self._store.run(lambda store: _window(store, key, expiry))

    async def clear(self, key: str) -> None:
        await self._store.run(lambda store: _delete(store, "name = ?", key))

    async def reset(self) -> int | None:
        return await self._store.run(lambda store: _delete(store, "? IS NULL", None))

    async def check(self) -> bool:
        return bool(await self._store.run(lambda store: store.read("SELECT 1")))

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        raise NotImplementedError("moving windows only")

    async def get(self, key: str) -> int:
        raise NotImplementedError("moving windows only")

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError("moving windows only")


def _acquire(store: Store, key: str, limit: int, expiry: int, amount: int) -> bool:
    with store.transaction() as connection:
        now = time.time()
        connection.execute("DELETE FROM rate_hits WHERE expires_at <= ?", (now,))
        (count,) = connection.execute(
            "SELECT count(*) FROM rate_hits WHERE name = ? AND at > ?", (key, now - expiry)
        ).fetchone()
        if count + amount > limit:
            return False
        connection.executemany("INSERT INTO rate_hits VALUES (?, ?, ?)", [(key, now, now + expiry)] * amount)
        return True


def _window(store: Store, key: str, expiry: int) -> tuple[float, int]:
    """The oldest entry's time and how many there are."""
    now = time.time()
    ((oldest, count),) = store.read(
        "SELECT min(at), count(*) FROM rate_hits WHERE name = ? AND at > ?", (key, now - expiry)
    )
    return (now if oldest is None else oldest), count


def _delete(store: Store, condition: str, value: str | None) -> int:
    with store.transaction() as connection:
        return connection.execute(f"DELETE FROM rate_hits WHERE {condition}", (value,)).rowcount  # noqa: S608
