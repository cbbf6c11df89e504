"""Headers of our own protocol, as server and client call them."""

from __future__ import annotations

REQUEST_ID = "X-Request-ID"
API_KEY = "X-API-Key"
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The same for a request that is sent again"""
SESSION_ID = "X-Session-ID"
"""The same for all requests from one place where somebody types"""
REQUEST_TIMEOUT = "X-Request-Timeout"
"""Seconds after which the client waits no longer"""
