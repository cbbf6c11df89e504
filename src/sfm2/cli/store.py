"""The server's store, opened by a command: on the same machine, or on any that shares it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sfm2.config import StorageSettings
from sfm2.errors import ConfigError, StorageUnavailableError

if TYPE_CHECKING:
    from sfm2.server.usage.keys import Keys
    from sfm2.server.usage.tables import StoreTables


@contextmanager
def opened_store(storage: StorageSettings) -> Iterator[StoreTables]:
    """The store of these settings. Raises `ConfigError`, which names its place, if it can't be used."""
    from sfm2.server.usage.opening import store_of

    store = store_of(storage)
    try:
        yield store
    except StorageUnavailableError as error:
        raise ConfigError(f"{store.place}: {error.message}", suggestion=error.suggestion) from error
    finally:
        store.close()


@contextmanager
def opened_keys(storage: StorageSettings) -> Iterator[Keys]:
    """The keys in that store. Raises `ConfigError` if it can't be used."""
    from sfm2.server.usage.key_memory import KeyMemory
    from sfm2.server.usage.keys import Keys

    with opened_store(storage) as store:
        yield Keys(store, KeyMemory.of(storage))
