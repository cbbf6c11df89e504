"""An engine that runs or reports moves; one that does neither stands still."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from sfm2.engines.supervision.pulse import LOOK, Pulse, wants_to_run
from sfm2.testing import until


class Process:
    """Its clock, and whether it has anything to run."""

    now, runs = 100.0, False

    def __init__(self) -> None:
        self.pulse = Pulse(lambda: self.runs, lambda: self.now)

    def go_on(self, seconds: float, beat_every: float | None = None) -> float:
        """For how long it has stood still after so many seconds, looked at as the supervisor does."""
        still, until, beat_at = 0.0, self.now + seconds, self.now
        while self.now < until:
            self.now += LOOK
            if beat_every is not None and self.now - beat_at >= beat_every:
                beat_at = self.now
                self.pulse.beat()
            still = self.pulse.still_for()
        return still


def test_an_idle_one_that_reports_moves_and_one_that_is_silent_does_not() -> None:
    process = Process()
    assert process.go_on(60, beat_every=1) < 2
    assert process.go_on(10) == pytest.approx(10, abs=1)
    process.pulse.beat()
    assert process.go_on(LOOK) <= LOOK


def test_one_that_runs_is_in_a_long_round_until_that_is_too_long() -> None:
    process = Process()
    process.runs = True
    assert process.go_on(100) == 0
    assert process.go_on(40) >= 19


def test_while_we_slept_ourselves_it_did_not_stand_still() -> None:
    process = Process()
    process.go_on(2, beat_every=1)
    process.now += 30
    assert process.pulse.still_for() < 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_a_process_that_computes_wants_to_run_and_one_that_waits_or_is_stopped_does_not() -> None:
    assert wants_to_run(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()\nwhile True: pass"], stdin=subprocess.PIPE) as child:
        try:
            until(lambda: not wants_to_run(child.pid), 60, "a process that waits for its input")
            assert child.stdin is not None
            child.stdin.write(b"\n")
            child.stdin.flush()
            until(lambda: wants_to_run(child.pid), 60, "a process that computes")
            psutil.Process(child.pid).suspend()
            until(lambda: not wants_to_run(child.pid), 60, "a process that is stopped")
        finally:
            child.kill()
    assert wants_to_run(child.pid), "of one that is gone nothing is known"
