"""Who asks: whether a key is needed, and whose it is."""

from __future__ import annotations

from starlette.datastructures import Headers

from sfm2.config import Settings
from sfm2.errors import AuthenticationError
from sfm2.server.keys import Key, Keys
from sfm2.server.store import AsyncStore


class Authentication:
    """Reads the store for every request, so that creating and revoking a key elsewhere takes effect at once."""

    def __init__(self, settings: Settings, store: AsyncStore) -> None:
        self._setting = settings.api.require_key
        self._store = store
        self._keys_exist = False

    async def required(self) -> bool:
        """Whether requests need a key: as configured, else once any key was ever created."""
        if self._setting is not None:
            return self._setting
        # Keys are never deleted: having seen one is enough.
        self._keys_exist = self._keys_exist or await self._store.run(lambda store: Keys(store).exist())
        return self._keys_exist

    async def identify(self, headers: Headers) -> Key | None:
        """The key of a request; None when none is required. Raises `AuthenticationError`."""
        if not await self.required():
            return None
        text = offered_key(headers)
        if text is None:
            raise AuthenticationError("this server requires an API key")
        return await self._store.run(lambda store: Keys(store).check(text))


def offered_key(headers: Headers) -> str | None:
    """What the client sent as its key, in either header."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return headers.get("x-api-key")
