"""A backend that keeps failing is left alone, and tried again after a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfm2.core.breaker import CircuitBreaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_opens_after_failures_in_a_row_and_closes_after_a_success() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=2, recovery=10, clock=clock)
    breaker.failed()
    assert breaker.allow()
    breaker.failed()
    assert not breaker.allow()
    assert breaker.remaining() == 10

    clock.now = 10
    assert breaker.allow(), "half open: one may try"
    assert not breaker.allow(), "but only one"
    breaker.succeeded()
    assert breaker.allow()


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = CircuitBreaker(failures=2, recovery=10, clock=Clock())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.allow()


def test_a_failed_try_opens_it_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=3, recovery=10, clock=clock)
    for _ in range(3):
        breaker.failed()
    clock.now = 10
    assert breaker.allow()
    breaker.failed()
    assert breaker.remaining() == 10


def test_an_abandoned_try_lets_the_next_one_try() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, recovery=10, clock=clock)
    breaker.failed()
    clock.now = 11
    assert breaker.allow()
    breaker.abandoned()
    assert breaker.allow()


@given(st.lists(st.sampled_from(["failed", "succeeded", "abandoned"]), max_size=30))
def test_after_the_recovery_time_it_always_lets_somebody_try(events: list[str]) -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=3, recovery=10, clock=clock)
    for event in events:
        getattr(breaker, event)()
    clock.now = 1000
    assert breaker.allow()
