"""A backend that keeps failing is left alone, and tried again after a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfm2.breaker import CircuitBreaker, Permit
from sfm2.errors import BackendError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def permit(breaker: CircuitBreaker) -> Permit:
    found = breaker.permit()
    assert found is not None
    return found


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with permit(breaker) as given_leave:
            given_leave.failed(BackendError("x"))


def test_opens_after_failures_in_a_row_and_closes_after_a_success() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=2, recovery=10, clock=clock)
    fail(breaker)
    assert breaker.permit()
    fail(breaker)
    assert not breaker.permit()
    assert breaker.remaining() == 10

    clock.now = 10
    probe = permit(breaker)
    assert not breaker.permit(), "half open: only one may try"
    probe.succeeded()
    assert breaker.permit()


def test_a_success_between_failures_starts_the_count_over() -> None:
    breaker = CircuitBreaker(failures=2, recovery=10, clock=Clock())
    for _ in range(5):
        fail(breaker)
        permit(breaker).succeeded()
    assert breaker.permit()


def test_a_failed_try_opens_it_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=3, recovery=10, clock=clock)
    fail(breaker, 3)
    clock.now = 10
    fail(breaker)
    assert breaker.remaining() == 10


def test_an_abandoned_try_lets_the_next_one_try() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, recovery=10, clock=clock)
    fail(breaker)
    clock.now = 11
    with permit(breaker):
        assert not breaker.permit()
    assert breaker.permit()


def test_a_request_from_before_it_opened_does_not_free_the_probe() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, recovery=10, clock=clock)
    with permit(breaker):
        fail(breaker)
        clock.now = 11
        permit(breaker)
    assert not breaker.permit(), "the probe still runs; what was abandoned is older"


def test_a_sign_of_life_of_the_probe_lets_the_others_in() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=3, recovery=10, clock=clock)
    fail(breaker, 3)
    clock.now = 10
    probe = permit(breaker)
    assert not breaker.permit()
    probe.alive()
    assert breaker.permit()
    probe.failed(BackendError("died after all"))
    assert not breaker.permit(), "one failure more is enough, until a request has succeeded"


def test_a_probe_that_takes_long_is_not_the_only_one_for_ever() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, recovery=10, clock=clock)
    fail(breaker)
    clock.now = 10
    permit(breaker)
    clock.now = 19
    assert not breaker.permit()
    clock.now = 20
    permit(breaker).alive()
    assert breaker.permit()


def test_a_new_life_of_the_backend_closes_it_at_once() -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, recovery=10, clock=clock)
    clock.now = 5
    fail(breaker)
    breaker.renewed(4)
    assert not breaker.permit(), "that life is the one that failed"
    breaker.renewed(6)
    assert breaker.permit()


EVENTS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["failed", "succeeded", "abandoned"])), max_size=30)


def test_who_has_nobody_else_to_ask_may_ask_and_ends_it_with_success() -> None:
    breaker = CircuitBreaker(failures=1, recovery=10, clock=Clock())
    fail(breaker)
    with breaker.insist():
        assert not breaker.permit(), "it stays open for all others"
    breaker.insist().succeeded()
    assert breaker.permit()


@given(EVENTS)
def test_after_the_recovery_time_it_always_lets_someone_try(events: list[tuple[int, str]]) -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=3, recovery=10, clock=clock)
    held: list[Permit] = []
    for index, event in events:
        clock.now += 4
        if leave := breaker.permit():
            held.append(leave)
        if held:
            end(held.pop(index % len(held)), event)
    for leave in held:
        end(leave, "abandoned")
    clock.now += 1000
    assert breaker.permit()


@given(st.integers(0, 6), EVENTS)
def test_while_a_probe_runs_no_abandoned_or_failed_request_lets_another_in(
    older: int, events: list[tuple[int, str]]
) -> None:
    clock = Clock()
    breaker = CircuitBreaker(failures=1, recovery=10, clock=clock)
    held = [permit(breaker) for _ in range(older)]
    fail(breaker)
    clock.now = 10
    permit(breaker)
    for index, event in events:
        clock.now += 10 / 31
        if held and event != "succeeded":
            end(held.pop(index % len(held)), event)
        assert breaker.permit() is None


def end(leave: Permit, event: str) -> None:
    with leave:
        if event == "failed":
            leave.failed(BackendError("x"))
        elif event == "succeeded":
            leave.succeeded()
