"""The model asked for real: a hole that only those can fill who see what follows it, and how long a first line takes."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from sfm2.completer import Completer
from sfm2.diagnosis.finding import Finding, Level, ok, problem, warning
from sfm2.errors import AuthenticationError, PermissionDeniedError, SFM2Error
from sfm2.types import Chunk, CompleteRequest, Completion

HOLE, LATENCY = "hole", "latency"
_PREFIX = 'def perimeter(width, height):\n    """Both sides, twice."""\n    '
_SUFFIX = "\n    return {name}\n"
_TOKENS = 48
_SLOW = 2.0  # seconds; a suggestion that takes longer comes after the line has been typed


@dataclass(frozen=True)
class FirstLine:
    """How long a line took."""

    token: float | None
    """Seconds until the first token, where the backend reports them"""
    line: float
    """Seconds until the first line was there"""


def ask_for_hole(completer: Completer) -> list[Finding]:
    """The name that a function returns is known only after the hole. Nobody guesses it."""
    name = _named()
    request = CompleteRequest(prefix=_PREFIX, suffix=_SUFFIX.format(name=name), language="python", **_GREEDY)
    try:
        answer = completer.submit(request)
    except SFM2Error as error:
        return [refused(error)]
    return check_hole(answer, name)


def check_hole(answer: Completion, name: str) -> list[Finding]:
    """`name` must be assigned in the hole, and the first backend of the chain must have answered."""
    written = answer.completion.strip()
    who = f"{answer.model_used} answers"
    filled = re.search(rf"\b{name}\s*(?::[^=\n]+)?=(?!=)", written)
    if filled:
        hole = ok(HOLE, f"filled: {who}, and knows what follows")
    else:
        hole = problem(
            HOLE,
            f"{who}, and does not know what follows a hole: {name!r} had to be assigned, and it wrote {_short(written)}",
            "Take weights that are trained to fill in the middle (`sfm2 models list`), not their instruct or chat form",
        )
    if not answer.fallback:
        return [hole]
    reasons = "; ".join(f"{one.backend}: {one.message}" for one in answer.fallback)
    advice = "Put right what keeps the first backend from answering; `sfm2 health` has the state of each"
    return [hole, problem("fallback", f"{answer.model_used} answers in the place of others: {reasons}", advice)]


def time_first_line(completer: Completer) -> Finding:
    """The same hole in a file that begins anew each time, so that nothing of the prompt was kept."""
    prefix, suffix = f"# {secrets.token_hex(4)}\n{_PREFIX}", _SUFFIX.format(name=_named())
    request = CompleteRequest(prefix=prefix, suffix=suffix, language="python", **_GREEDY)
    began = time.perf_counter()
    line, whole = None, None
    try:
        for piece in completer.stream(request):
            if isinstance(piece, Completion):
                whole = piece
            elif isinstance(piece, Chunk) and piece.text.strip() and line is None:
                line = time.perf_counter() - began
    except SFM2Error as error:
        return refused(error, LATENCY)
    token = whole.prompt_time if whole else None
    return check_latency(FirstLine(token, time.perf_counter() - began if line is None else line))


def check_latency(found: FirstLine) -> Finding:
    """Against the time in which somebody types on."""
    token = "" if found.token is None else f"first token after {found.token * 1000:.0f} ms, "
    told = f"{token}first line after {found.line * 1000:.0f} ms"
    numbers = {"first_line_seconds": found.line}
    if found.token is not None:
        numbers["first_token_seconds"] = found.token
    if found.line > _SLOW:
        advice = "Close what else uses the processor, or take smaller weights or a faster machine"
        return warning(LATENCY, told, advice, numbers)
    return ok(LATENCY, told, numbers)


def refused(error: SFM2Error, name: str = HOLE) -> Finding:
    """The model could not be asked. Without a valid key that says nothing of the model."""
    if isinstance(error, AuthenticationError | PermissionDeniedError):
        return Finding(name, Level.WARNING, f"not asked: {error.message}", "Set SFM2_API_KEY to a key of this server")
    return problem(name, f"no answer: {error.message}", error.suggestion)


# Words that no one would choose here, and that a small model can copy.
_NAMES = ("banana", "window", "copper", "winter", "garden", "silver", "violin", "rocket")
_GREEDY = {"max_length": _TOKENS, "temperature": 0.0}


def _named() -> str:
    return f"perimeter_{secrets.choice(_NAMES)}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:80]}...")
