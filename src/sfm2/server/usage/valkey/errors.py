"""Errors about a Valkey or Redis server, as errors that say what is wrong and what to do. They name no host."""

from __future__ import annotations

import logging
import socket
import ssl

from valkey import exceptions
from valkey.exceptions import ValkeyError

from sfm2.errors import StorageUnavailableError
from sfm2.server.usage.outage import unavailable

_log = logging.getLogger(__name__)
_SETTING = "storage.url (SFM2_STORE_URL)"
_RUNS = f"Look whether it runs and can be reached from here, and at {_SETTING}"
# By class, the first that fits.
_CAUSES: tuple[tuple[type[Exception], str, str], ...] = (
    (exceptions.AuthenticationError, "it does not take the user or the password", f"Correct them in {_SETTING}"),
    (
        exceptions.AuthenticationWrongNumberOfArgsError,
        "it does not take the user or the password",
        f"Correct them in {_SETTING}",
    ),
    (
        exceptions.NoPermissionError,
        "its user may not do what is needed",
        'Allow the user in storage.url all of "{sfm2}:*": ~{sfm2}:* +@all -@dangerous',
    ),
    (exceptions.BusyLoadingError, "it is still loading its data", "Wait until it has"),
    (exceptions.ReadOnlyError, "it is a replica that can't be written", f"Name the primary in {_SETTING}"),
    (exceptions.OutOfMemoryError, "its memory is full", "Raise maxmemory there"),
    (exceptions.TimeoutError, "it did not answer in time", "Look at its load, and at the network"),
)


def as_ours(error: ValkeyError) -> StorageUnavailableError:
    """The error to raise instead."""
    for kind, cause, suggestion in _CAUSES:
        if isinstance(error, kind):
            return unavailable(cause, suggestion)
    if isinstance(error, exceptions.ConnectionError):
        return unavailable(_unreachable(error.__cause__ or error.__context__), _RUNS)
    _log.warning("the server of the store answers with an error: %s", error)  # which may name hosts and keys
    return unavailable("it answers with an error", "The log has it")


def _unreachable(cause: BaseException | None) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"there is no TLS with it: {cause.reason}"
    if isinstance(cause, socket.gaierror):
        return "its host name is not known"
    if isinstance(cause, OSError) and cause.strerror:
        return f"it can't be reached: {cause.strerror}"
    return "it closed the connection"
