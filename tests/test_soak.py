"""Two minutes of `make soak`: 64 clients of all kinds, four workers, real weights."""

from __future__ import annotations

import pytest
from benchmarks.soak import soak

SECONDS = 120
MOST_GROWTH = 0.3  # of memory: in so short a time the cache of keys and values is still filling


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_lost_miscounted_or_kept() -> None:
    _, faults = soak(SECONDS, MOST_GROWTH)
    assert not faults, "\n".join(faults)
