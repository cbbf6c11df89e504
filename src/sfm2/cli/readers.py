"""Keys by the names that people gave them: who may read a repository."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from sfm2.cli.store import opened_keys
from sfm2.config import StorageSettings
from sfm2.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from sfm2.server.usage.key_records import Key

EVERYBODY = "everybody who may ask"


def ids_of(storage: StorageSettings, named: Sequence[str]) -> list[str]:
    """The ids of keys that are named by name or id, and work. Raises `NotFoundError` for another, or one of several."""
    with opened_keys(storage) as store:
        keys = [key for key in store.all() if key.revoked_at is None and not key.expired(time.time())]
    found = []
    for name in named:
        ids = [key.id for key in keys if key.id == name] or [key.id for key in keys if name and key.name == name]
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

    def told(self, ids: Collection[str] | None) -> str:
        """Readers in words; None: everybody."""
        if ids is None:
            return EVERYBODY
        ends = {"revoked": " (revoked)", "expired": " (expired)"}
        found = [f"{one['name'] or one['id']}{ends.get(one['state'], '')}" for one in self.records(ids)]
        return ", ".join(sorted(found)) or "nobody"

    def records(self, ids: Collection[str]) -> list[dict[str, str]]:
        """Id, name and state of each: active, revoked, expired, or unknown to the store."""
        known = self._keys if ids else {}
        return [
            {"id": one, "name": known[one].name if one in known else "", "state": self._state(one)}
            for one in sorted(ids)
        ]

    def _state(self, key: str) -> str:
        if (found := self._keys.get(key)) is None:
            return "unknown"
        return "revoked" if found.revoked_at is not None else "expired" if found.expired(time.time()) else "active"

    @cached_property
    def _keys(self) -> dict[str, Key]:
        try:
            with opened_keys(self._storage) as store:
                return {key.id: key for key in store.all()}
        except ConfigError:
            return {}
