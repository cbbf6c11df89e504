"""The blocking client is what `tools.unasync` makes of the one for asyncio."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.unasync import SOURCES, blocking, target_of


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_blocking_client_is_up_to_date(source: Path) -> None:
    assert target_of(source).read_text(encoding="utf-8") == blocking(source), "python -m tools.unasync"
