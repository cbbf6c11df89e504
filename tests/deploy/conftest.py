"""A live server, as the server's own tests have it."""

from __future__ import annotations

from tests.server.conftest import serving, store_url

__all__ = ["serving", "store_url"]
