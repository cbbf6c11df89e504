"""Whether a request needs an API key, which one it has, and whether that may. Where that can't be told, it is refused."""

from __future__ import annotations

import logging
from contextlib import suppress

from starlette.datastructures import Headers

from sfm2.config import Settings
from sfm2.errors import AuthenticationError, PermissionDeniedError, StorageUnavailableError
from sfm2.headers import API_KEY
from sfm2.server.usage.key_memory import KeyMemory
from sfm2.server.usage.key_records import Key
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.outage import unavailable
from sfm2.server.usage.store import AsyncStore
from sfm2.server.usage.tables import StoreTables
from sfm2.types import KeyScope

_log = logging.getLogger(__name__)


class Authentication:
    """Reads the store for every request: creating or revoking a key in another process takes effect at once."""

    def __init__(self, settings: Settings, store: AsyncStore) -> None:
        self._require_key = settings.api.require_key
        self._store = store
        self._memory = KeyMemory.of(settings.storage)
        self._keys_exist = False
        self._store_had_none = False
        self._lost = False

    async def look(self) -> None:
        """At the start: see whether there are keys, and remember it, before the store can be lost."""
        with suppress(StorageUnavailableError):  # It is logged, and a request that needs the store is refused.
            await self._keys_ever_existed()

    async def required(self) -> bool:
        """Whether requests need a key: `api.require_key` if it is set, else whether a key was ever created.

        Raises `StorageUnavailableError` if only the store knows that, and can't be asked.
        """
        if self._require_key is not None:
            return self._require_key
        return await self._keys_ever_existed()

    async def identify(self, headers: Headers, scope: KeyScope | None) -> Key | None:
        """The key that a request was sent with, which is good for `scope` (None: for anything); None if none is required.

        What needs the scope `admin` always requires one, on loopback and with `api.require_key` set to false as well.
        Raises `AuthenticationError`, `PermissionDeniedError`, and `StorageUnavailableError` if the key can't be checked.
        """
        if scope is not KeyScope.ADMIN and not await self.required():
            return None
        text = key_text(headers)
        try:
            if text is None:
                raise _missing(scope)
            key = await self._store.run(lambda store: Keys(store).check(text))
        except AuthenticationError:
            await self._refuse_if_lost()
            raise
        if scope is not None and not key.allows(scope):
            raise PermissionDeniedError(
                f"this needs an API key with the scope {scope}; yours has {' and '.join(key.scopes) or 'none'}",
                suggestion=f"Use a key that has it; `sfm2 keys create --scope {scope}` on the server makes one",
            )
        return key

    async def problem(self) -> StorageUnavailableError | None:
        """Why every request is refused for now; None: keys can be checked, or none is required."""
        try:
            if await self.required():
                await self._refuse_if_lost()
        except StorageUnavailableError as error:
            return error
        return None

    async def _keys_ever_existed(self) -> bool:
        # Keys are never deleted: once there is one, there always is.
        self._keys_exist = self._keys_exist or self._memory.remembered()
        if not self._keys_exist:
            try:
                self._keys_exist = await self._store.run(self._find_keys)
            except StorageUnavailableError:
                # Whoever creates the first key makes `_memory` first. So there is none, if the store had none before; unless
                # that was done on another machine.
                if not (self._store.local and self._store_had_none) and not self._store.absent():
                    raise
            else:
                self._store_had_none = not self._keys_exist
        return self._keys_exist

    def _find_keys(self, store: StoreTables) -> bool:
        """Whether the store has keys. They may be older than the memory of them: then remember them now."""
        if not Keys(store).exist():
            return False
        try:
            self._memory.remember()
        except OSError as error:
            _log.warning(
                "cannot note in %s that there are keys: %s; set storage.state_dir, or api.require_key to true: otherwise "
                "a server that starts after the loss of its store lets everybody in",
                *(self._memory.file, error.strerror),
            )
        return True

    async def _refuse_if_lost(self) -> None:
        """Raise `StorageUnavailableError` if there were keys, and the store has none any more."""
        existed = self._keys_exist or self._memory.remembered()
        lost = not await self._store.run(lambda store: Keys(store).exist()) and existed
        if lost and not self._lost:
            _log.error(
                "%s has no keys any more, although %s says that there were some", self._store.place, self._memory.file
            )
        self._lost = lost
        if lost:
            raise unavailable(
                "its keys are gone; it was deleted, emptied or replaced",
                "Put the store back from a backup, or create a new key with `sfm2 keys create`. To serve without keys, set "
                "api.require_key to false",
            )


def _missing(scope: KeyScope | None) -> AuthenticationError:
    if scope is not KeyScope.ADMIN:
        return AuthenticationError("this server requires an API key")
    return AuthenticationError(
        "the admin API requires an API key with the scope admin, always",
        suggestion="`sfm2 keys create --scope admin` on the server makes one; send it as 'Authorization: Bearer KEY'. As "
        "soon as a server has a key, every request needs one",
    )


def key_text(headers: Headers) -> str | None:
    """The key in `Authorization: Bearer` or `X-API-Key`, unchecked."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return headers.get(API_KEY)
