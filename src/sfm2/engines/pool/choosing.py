"""Which engine of several gets a request. Pure.

Rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998) gives each key an order
of all engines: the same for every process, and one that leaves moves its own keys only. Where one has much more to do than
the mean, requests go to the next in their order ("Consistent hashing with bounded loads", Mirrokni et al., 2016).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b

_OVER_MEAN = 1.25
_SLACK = 1  # requests: the one that a keystroke replaces may still be running


def ranking(key: str, names: Iterable[str]) -> list[str]:
    """`names` in the order in which they are to be asked for `key`."""
    return sorted(names, key=lambda name: (_weight(key, name), name), reverse=True)


def least_loaded(running: Mapping[str, int]) -> list[str]:
    """The order for a request without a key. `running`: how many requests each has now."""
    return sorted(running, key=lambda name: running[name])


def bounded(order: Iterable[str], running: Mapping[str, int]) -> list[str]:
    """`order`, in which those that have much more to do than the mean come last."""
    most = _OVER_MEAN * sum(running.values()) / max(1, len(running)) + _SLACK
    return sorted(order, key=lambda name: running[name] > most)


def _weight(key: str, name: str) -> bytes:
    return blake2b(f"{len(name)} {name} {key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
