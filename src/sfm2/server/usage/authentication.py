"""Whether a request needs an API key, and which key it has."""

from __future__ import annotations

from starlette.datastructures import Headers

from sfm2.config import Settings
from sfm2.errors import AuthenticationError
from sfm2.server.usage.keys import Key, Keys
from sfm2.server.usage.store import AsyncStore


class Authentication:
    """Reads the store for every request: creating or revoking a key in another process takes effect at once."""

    def __init__(self, settings: Settings, store: AsyncStore) -> None:
        self._require_key = settings.api.require_key
        self._store = store
        self._keys_exist = False

    async def required(self) -> bool:
        """Whether requests need a key: `api.require_key` if it is set, else whether a key was ever created."""
        if self._require_key is not None:
            return self._require_key
        # Keys are never deleted: once there is one, there always is.
        self._keys_exist = self._keys_exist or await self._store.run(lambda store: Keys(store).exist())
        return self._keys_exist

    async def identify(self, headers: Headers) -> Key | None:
        """The key that a request was sent with; None if none is required. Raises `AuthenticationError`."""
        if not await self.required():
            return None
        text = key_text(headers)
        if text is None:
            raise AuthenticationError("this server requires an API key")
        return await self._store.run(lambda store: Keys(store).check(text))


def key_text(headers: Headers) -> str | None:
    """The key in `Authorization: Bearer` or `X-API-Key`, unchecked."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return headers.get("x-api-key")
