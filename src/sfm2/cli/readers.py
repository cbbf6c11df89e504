"""Keys by the names that people gave them: who may read a repository."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from sfm2.cli.store import opened_keys
from sfm2.config import StorageSettings
from sfm2.errors import ConfigError, NotFoundError

EVERYBODY = "everybody who may ask"


def ids_of(storage: StorageSettings, named: Sequence[str]) -> list[str]:
    """The ids of keys that are named by name or id, and work. Raises `NotFoundError` for another, or one of several."""
    with opened_keys(storage) as store:
        keys = [key for key in store.all() if key.revoked_at is None and not key.expired(time.time())]
    found = []
    for name in named:
        ids = [key.id for key in keys if key.id == name] or [key.id for key in keys if key.name == name]
        if len(ids) != 1:
            raise NotFoundError(
                f"{len(ids)} keys are called {name!r}" if ids else f"there is no key {name!r} that works",
                suggestion="`sfm2 keys list` shows the ids" if ids else "`sfm2 keys create --name NAME` makes one",
            )
        found += ids
    return found


class KeyNames:
    """What keys are called. The store is asked when there is something to name; where it can't be used, ids are names."""

    def __init__(self, storage: StorageSettings) -> None:
        self._storage = storage
        self._names: dict[str, str] | None = None

    def told(self, ids: Collection[str] | None) -> str:
        """Readers in words; None: everybody."""
        if ids is None:
            return EVERYBODY
        return ", ".join(self.of(key) for key in sorted(ids, key=self.of)) or "nobody"

    def of(self, key: str) -> str:
        """The name of the key with an id, and whether it works no more."""
        if self._names is None:
            self._names = self._read()
        return self._names.get(key, key)

    def _read(self) -> dict[str, str]:
        try:
            with opened_keys(self._storage) as store:
                keys = store.all()
        except ConfigError:
            return {}
        now = time.time()
        ends = {key.id: " (revoked)" if key.revoked_at else " (expired)" if key.expired(now) else "" for key in keys}
        return {key.id: f"{key.name or key.id}{ends[key.id]}" for key in keys}
