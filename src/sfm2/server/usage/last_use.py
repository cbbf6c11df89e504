"""When each API key was used last: written once a minute for each key at most, and no request waits for it."""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager

from sfm2.server.usage.background_writer import BackgroundWriter
from sfm2.server.usage.key_records import Key
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import AsyncStore

EVERY = 60.0
"""Seconds between two notes of one key"""


class LastUse:
    """As many entries as there are keys, since only valid keys are noted."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store
        self._noted: dict[
            str, float
        ] = {}  # Unix times by key id: what this process has noted, and perhaps not written.
        self._pending: dict[str, float] = {}
        self._writer = BackgroundWriter("when keys were used last", self._write)

    def note(self, key: Key) -> None:
        """Note that a key is used now, unless that was noted within the last minute, by this process or another."""
        now = time.time()
        last = max(self._noted.get(key.id, 0.0), key.last_used_at or 0.0)
        if abs(now - last) < EVERY:  # The distance, because a clock may be set back.
            return
        self._noted[key.id] = self._pending[key.id] = now
        self._writer.schedule()

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Write once a second within this context while there is something to write, and at its end."""
        return self._writer.running()

    async def _write(self) -> None:
        taken = dict(self._pending)
        if not taken:
            return
        await self._store.run_to_end(lambda store: Keys(store).used(taken))
        for key_id, at in taken.items():
            if self._pending.get(key_id) == at:
                del self._pending[key_id]
