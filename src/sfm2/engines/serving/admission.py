"""Which jobs an engine takes on: those that it can finish in time. Others are refused at once, before they cost anything.

Were all taken on, each would get less of the engine until none finished in time, and all the work would be for nothing.
A job is held up by those of its own priority and of a higher one only. All of a job counts until it ends: jobs share the
engine, so that one that has come half way still slows down the others as much as at its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

from sfm2.engines.serving.pace import Pace, Size
from sfm2.generation import Priority

AT_ONCE = 32
"""Jobs that write at the same time: more hardly give more tokens, and each gets fewer of them."""
_HEADROOM = 0.8  # of the time that a job has may be used up by what is known when it comes
_LENGTH = 64.0  # tokens that jobs are expected to write at first
_WEIGHT = 0.1  # of the latest job in the expectation


class RefusedForLoadError(Exception):
    """`wait`: seconds after which it may be let in."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(eq=False)
class Ticket:
    """A job that was let in."""

    size: Size
    priority: Priority


class Admission:
    """`most` jobs of a priority and of higher ones are let in at once, whatever their size."""

    def __init__(self, most: int, pace: Pace) -> None:
        self._most = most
        self._pace = pace
        self._inside: list[Ticket] = []
        self._length = dict.fromkeys(Priority, _LENGTH)

    def admit(
        self, prompt: int, longest: int, priority: Priority, patience: float | None, at_once: int = AT_ONCE
    ) -> Ticket:
        """Let a job in: `prompt` tokens to read, `longest` to write at most, to be finished within `patience` seconds.
        `at_once` of its priority and of higher ones run at the same time; where that is less than `AT_ONCE`, others hold
        them up.

        Raises `RefusedForLoadError`. An engine that has nothing else to do refuses nothing.
        """
        ticket = Ticket(Size(prompt, min(longest, self._length[priority])), priority)
        before = [one.size for one in self._inside if one.priority <= priority]
        seconds = self._pace.seconds([*before, ticket.size], at_once)
        if at_once < AT_ONCE:
            seconds *= self._pace.held_up
        if len(before) >= self._most:
            raise RefusedForLoadError(f"{len(before)} requests are running or waiting", self._turnover())
        if before and patience is not None and seconds > _HEADROOM * patience:
            message = (
                f"behind {len(before)} others it would end after {seconds:.0f} s, of the {patience:g} s that it has"
            )
            raise RefusedForLoadError(message, seconds - _HEADROOM * patience)
        self._inside.append(ticket)
        return ticket

    def ended(self, ticket: Ticket, written: int) -> None:
        """The job has ended, or was given up, after so many tokens. Calling it again is harmless."""
        if ticket in self._inside:
            self._inside.remove(ticket)
            self._length[ticket.priority] += _WEIGHT * (written - self._length[ticket.priority])

    def _turnover(self) -> float:
        """Seconds until one of those inside has ended, about."""
        return self._pace.seconds([one.size for one in self._inside], AT_ONCE) / len(self._inside)
