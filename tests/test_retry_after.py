"""How long a server asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.retry_after import retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "Mon, 01 Jan 2024 00:01:00 GMT"}, 60),
        ({"Retry-After": "Sun, 31 Dec 2023 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "inf"}, None),
    ],
)
def test_what_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    assert retry_after(httpx.Headers(headers), lambda: now) == seconds


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "1 Jan 2024 00:00 +999999999999999999"]
)
def test_a_date_too_large_for_any_clock_asks_for_nothing(date: str) -> None:
    assert retry_after(httpx.Headers({"Retry-After": date})) is None


@given(st.text() | st.sampled_from(["Mon, 01 Jan 99999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +9999", "1 Jan"]))
def test_no_header_is_too_odd(text: str) -> None:
    seconds = retry_after(httpx.Headers([(b"Retry-After", text.encode())]))
    assert seconds is None or seconds >= 0
