"""The names of everything that we keep in a Valkey or Redis server."""

from __future__ import annotations

_PREFIX = "{sfm2}:"  # The braces: in a cluster, what one script needs must be on one node.

VERSION = f"{_PREFIX}version"
KEYS = f"{_PREFIX}keys"
"""The ids of all keys, by when they were created"""
KEY = f"{_PREFIX}key:"
"""Begins the name of a key, which ends with its id"""
KEY_LOG = f"{_PREFIX}key_log"
KEY_LOG_ID = f"{_PREFIX}key_log_id"
"""The id of the newest entry of the log"""
COUNTERS = f"{_PREFIX}counters"
WRITER = f"{_PREFIX}writer:"
"""Begins the name of a writer of counters: the last batch that it has written"""
RECENT = f"{_PREFIX}recent:"
"""Begins the name of a step of time, which ends with its beginning: counters as above"""
COMPLETIONS = f"{_PREFIX}completions"
"""The ids of all completions, by when they were sent"""
COMPLETION = f"{_PREFIX}completion:"
"""Begins the name of a completion, which ends with its id"""
RATE = f"{_PREFIX}rate:"
"""Begins the name of a client's hits"""
