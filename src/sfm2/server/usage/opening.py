"""Which store the settings name, and how it is opened."""

from __future__ import annotations

from sfm2.config import StorageSettings
from sfm2.errors import MissingExtraError
from sfm2.server.usage.sqlite.file import BUSY_TIMEOUT
from sfm2.server.usage.store import Store
from sfm2.server.usage.tables import StoreTables


def store_of(storage: StorageSettings, timeout: float = BUSY_TIMEOUT) -> StoreTables:
    """The store of these settings; it is opened when it is used. `timeout`: seconds that it is waited for.

    Raises `MissingExtraError`.
    """
    if storage.url is None:
        return Store.in_folder(storage.data_dir, timeout)
    try:
        from sfm2.server.usage.valkey.store import ValkeyStore
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "valkey":
            raise
        raise MissingExtraError("a store that machines share (storage.url)", "valkey") from error
    return ValkeyStore(storage.url, timeout)
