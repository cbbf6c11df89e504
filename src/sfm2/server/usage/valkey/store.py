"""The store in a Valkey or Redis server."""

from __future__ import annotations

from sfm2.server.usage.valkey.completions import ValkeyCompletions
from sfm2.server.usage.valkey.counters import ValkeyCounters, ValkeyRates
from sfm2.server.usage.valkey.keys import ValkeyKeys
from sfm2.server.usage.valkey.server import ValkeyServer


class ValkeyStore:
    """The store that machines share: `StoreTables`.

    A write that got no answer may have happened, and may be repeated: what was counted is not counted again, and of a key
    that was made so nobody has the secret.
    """

    local = False  # Another machine may have made the first key, and remembers it there.
    threads = 8

    def __init__(self, url: str, timeout: float) -> None:
        """`url`: as in `storage.url`. `timeout`: seconds to connect, and to wait for an answer."""
        self._server = ValkeyServer(url, timeout)
        self.place = self._server.place
        self.keys = ValkeyKeys(self._server)
        self.completions = ValkeyCompletions(self._server)
        self.counters = ValkeyCounters(self._server)
        self.rates = ValkeyRates(self._server)

    def ping(self) -> None:
        """Connect, and see whether what is there is of this version."""
        self._server.command("PING")

    def absent(self) -> bool:
        """Never certain."""
        return False

    def close(self) -> None:
        """Close all connections."""
        self._server.close()
