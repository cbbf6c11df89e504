"""The blocking client is what `tools.unasync` makes of the one for asyncio."""

from __future__ import annotations

from tools.unasync import SOURCE, TARGET, blocking


def test_the_blocking_client_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == blocking(SOURCE.read_text(encoding="utf-8")), "python -m tools.unasync"
