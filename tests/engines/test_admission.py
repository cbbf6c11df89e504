"""What an engine takes on, and in which order. Pure: no engine, and a clock that is set."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.engines.serving.admission import AT_ONCE, Admission, RefusedForLoadError, Ticket
from sfm2.engines.serving.job import Job
from sfm2.engines.serving.pace import Pace, Size
from sfm2.engines.serving.waiting_room import BESIDE, QUIET, WaitingRoom
from sfm2.engines.serving.worker import hopeless
from sfm2.generation import Priority
from sfm2.types import SamplingParams

STEP = 0.02  # seconds


def filled(
    admission: Admission, priority: Priority, patience: float = 30.0, prompt: int = 300, at_once: int = AT_ONCE
) -> list[Ticket]:
    """As many alike as are let in, of 1,000."""
    tickets = []
    for _ in range(1_000):
        try:
            tickets.append(admission.admit(prompt, 100, priority, patience, at_once))
        except RefusedForLoadError:
            break
    return tickets


def test_as_many_are_let_in_as_can_be_answered_in_time() -> None:
    inside = filled(Admission(1_000, Pace(STEP)), Priority.ANSWER)
    assert len(inside) > AT_ONCE
    assert 15 < Pace(STEP).seconds([one.size for one in inside], AT_ONCE) <= 24


def test_who_is_refused_is_told_when_there_may_be_room() -> None:
    admission = Admission(1_000, Pace(STEP))
    filled(admission, Priority.ANSWER)
    with pytest.raises(RefusedForLoadError, match=r"behind \d+ others") as refusal:
        admission.admit(20_000, 100, Priority.ANSWER, 30.0)
    assert 20 < refusal.value.wait < 40


def test_an_idle_engine_refuses_nothing() -> None:
    Admission(64, Pace(STEP)).admit(100_000, 100_000, Priority.BATCH, 1.0)


def test_who_types_is_not_held_up_by_batches() -> None:
    admission = Admission(1_000, Pace(STEP))
    filled(admission, Priority.BATCH)
    admission.admit(300, 100, Priority.TYPING, 30.0)
    admission.admit(300, 100, Priority.ANSWER, 30.0)
    with pytest.raises(RefusedForLoadError):
        admission.admit(300, 100, Priority.BATCH, 30.0)


def test_of_a_batch_beside_others_as_many_are_let_in_as_their_share_of_the_engine_allows() -> None:
    alone = filled(Admission(1_000, Pace(STEP)), Priority.BATCH)
    beside = filled(Admission(1_000, Pace(STEP)), Priority.BATCH, at_once=BESIDE)
    assert BESIDE < len(beside) < len(alone)
    assert Pace(STEP).seconds([one.size for one in beside], BESIDE) * Pace(STEP).held_up <= 24


def test_it_is_measured_how_much_others_hold_up_batches() -> None:
    pace = Pace(STEP)
    for _ in range(1_000):
        pace.stepped_beside(0.1, 1)
    assert pace.held_up == pytest.approx(0.1 / STEP)


def test_room_is_made_by_those_that_end() -> None:
    admission = Admission(1_000, Pace(STEP))
    inside = filled(admission, Priority.ANSWER)
    for ticket in inside[:2]:
        admission.ended(ticket, 100)
        admission.ended(ticket, 100)
    admission.admit(300, 100, Priority.ANSWER, 30.0)


def test_what_jobs_write_is_learned() -> None:
    """Most are cut by the guard long before the length that was asked for."""
    admission = Admission(1_000, Pace(STEP))
    before = len(filled(admission, Priority.ANSWER, prompt=1))
    admission = Admission(1_000, Pace(STEP))
    for _ in range(100):
        admission.ended(admission.admit(1, 100, Priority.ANSWER, 30.0), 10)
    assert len(filled(admission, Priority.ANSWER, prompt=1)) > 4 * before


def test_the_most_jobs_is_a_limit_whatever_their_size() -> None:
    admission = Admission(2, Pace(STEP))
    assert len(filled(admission, Priority.BATCH, prompt=1)) == 2
    assert len(filled(admission, Priority.TYPING, prompt=1)) == 2, "batches take nobody's place"


def test_the_pace_is_measured() -> None:
    pace = Pace(STEP)
    for _ in range(1_000):
        pace.stepped(0.3, 10)  # twice as slow as ten jobs in a step of 0.15 s
    assert pace.step == pytest.approx(0.15)
    assert pace.seconds([Size(0, 10)], AT_ONCE) == pytest.approx(1.5)


@given(st.lists(st.tuples(st.integers(1, 3_000), st.integers(1, 500)), min_size=1, max_size=60))
def test_more_work_never_takes_less_time(sizes: list[tuple[int, int]]) -> None:
    jobs = [Size(prompt, new) for prompt, new in sizes]
    pace = Pace(STEP)
    alone = max(pace.seconds([one], AT_ONCE) for one in jobs)
    assert pace.seconds(jobs, AT_ONCE) >= alone / 9, "together they get up to nine times the tokens"
    assert pace.seconds([*jobs, Size(10, 0)], 1) >= pace.seconds(jobs, 1)


@dataclass(eq=False)
class Waiting:
    priority: Priority


class Room:
    """A waiting room, what runs, and the time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.running: list[Waiting] = []
        self.room: WaitingRoom[Waiting] = WaitingRoom(AT_ONCE, lambda one: one.priority, lambda: self.now)

    def come(self, count: int, priority: Priority) -> None:
        for _ in range(count):
            self.room.enter(Waiting(priority))

    def round(self) -> list[Priority]:
        """As the worker does it; what began."""
        for one in self.room.too_many(self.running):
            self.running.remove(one)
            self.room.reenter(one)
        begun = self.room.next(self.running)
        self.running += begun
        return [one.priority for one in begun]

    def count(self, priority: Priority) -> int:
        return sum(one.priority is priority for one in self.running)


def test_who_types_begins_first_and_at_once() -> None:
    room = Room()
    room.come(40, Priority.ANSWER)
    room.come(2, Priority.TYPING)
    assert room.round()[:2] == [Priority.TYPING] * 2
    room.come(1, Priority.TYPING)
    assert room.round() == [Priority.TYPING], "beyond those that run at once"


def test_batches_fill_an_engine_that_serves_nobody_else() -> None:
    room = Room()
    room.come(60, Priority.BATCH)
    assert len(room.round()) == AT_ONCE


def test_batches_make_way_and_come_back() -> None:
    room = Room()
    room.come(60, Priority.BATCH)
    room.round()
    first = room.running[0]
    room.come(1, Priority.ANSWER)
    assert room.round() == [Priority.ANSWER]
    assert (room.count(Priority.BATCH), len(room.running)) == (BESIDE, BESIDE + 1)
    assert first in room.running, "the last to begin are the first to make way"
    room.running = [one for one in room.running if one.priority is Priority.BATCH]
    room.now += QUIET - 1
    assert room.round() == [], "who has an answer may ask again"
    room.now += 1
    assert len(room.round()) == AT_ONCE - BESIDE


def test_those_alike_begin_as_they_came() -> None:
    room = Room()
    jobs = [Waiting(Priority.ANSWER) for _ in range(50)]
    for job in jobs:
        room.room.enter(job)
    assert room.room.leave(jobs[3])
    assert not room.room.leave(jobs[3])
    begun = room.room.next([])
    assert begun == [*jobs[:3], *jobs[4 : AT_ONCE + 1]]


def test_how_many_of_a_batch_run_at_once_depends_on_others() -> None:
    room = Room()
    assert room.room.at_once(Priority.BATCH) == AT_ONCE
    room.come(1, Priority.TYPING)
    room.round()
    assert [room.room.at_once(priority) for priority in Priority] == [AT_ONCE, AT_ONCE, BESIDE]
    room.running.clear()
    room.now += QUIET
    assert room.room.at_once(Priority.BATCH) == AT_ONCE


def job(seconds: float, tokens: float = 64.0) -> Job:
    """Of a batch, that has so much time, and will write so many tokens."""
    sampling = SamplingParams(max_length=100)
    return Job([1] * 14, sampling, print, priority=Priority.BATCH, until=time.monotonic() + seconds, expected=tokens)


def test_those_of_a_batch_that_will_be_too_late_are_known() -> None:
    running, waiting = [job(30.0) for _ in range(BESIDE)], [job(10.0) for _ in range(30)]
    late = hopeless(running, waiting, Pace(STEP), BESIDE)
    assert late
    assert late == waiting[-len(late) :], "those that came first have their turn"
    assert hopeless(running, [one for one in waiting if one not in late], Pace(STEP), BESIDE) == []
    assert hopeless(running, waiting, Pace(STEP), AT_ONCE) == [], "once they need not make way"


def test_an_engine_with_nothing_else_to_do_tries_the_longest() -> None:
    long, other = job(1.0, tokens=10_000), job(1.0)
    assert hopeless([], [long, other], Pace(STEP), BESIDE) == [other]


@given(st.lists(st.tuples(st.sampled_from(Priority), st.integers(0, 6)), max_size=60))
def test_nobody_is_forgotten(events: list[tuple[Priority, int]]) -> None:
    """Whatever comes and ends in whatever order, all begin in the end."""
    room = Room()
    for priority, ended in events:
        room.come(1, priority)
        room.round()
        del room.running[:ended]
        room.now += 1
    for _ in range(len(events) + 20):
        room.round()
        room.running.clear()
        room.now += QUIET
    assert len(room.room) == 0
