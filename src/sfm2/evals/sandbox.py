"""A sandbox with limits of time and memory: generated code and its tests run in a contained child process.

The child gets a nearly empty environment, no input but the program, a temporary folder, `Limits`, and what `containment`
lists. It is killed when its time is up, or when the task that waits for it is cancelled.

A pass is proven by a digest of a nonce that the child reads only after the last test has passed. Exiting early (`sys.exit`,
`os._exit`, a signal), printing, raising, or replacing `check`, AssertionError or built-ins does not give that proof.

Not covered:
- Code written against this harness. It runs in the process that reports the verdict, so it can find the ticket in the stack
  frames and the nonce in the open descriptors, and forge the proof.
- Results that equal everything (an `__eq__` that returns True), and a manipulated standard library: the tests then pass.
- Reading: the program can read every file that the user can. All that gets out is 4 KiB, which are only shown.
- Load: a program may use one processor for as long as it may run.
- Legitimate programs that need threads, other processes or sockets: they fail.
- Systems without namespaces and seccomp (macOS): there only the audit hook of `containment` restricts the program.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from hmac import compare_digest
from math import ceil
from tempfile import TemporaryDirectory
from typing import Any

from sfm2.errors import SFM2Error
from sfm2.evals.sandbox_child import NONCE, proof

AT_ONCE = 2
"""The number of programs that run at the same time."""
_MOST_OUTPUT = 4096  # bytes that are read from the child
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}  # NumPy would start threads, which the sandbox does not allow
_COMMAND = (sys.executable, "-I", "-X", "utf8", "-m", "sfm2.evals.sandbox_child")


@dataclass(frozen=True)
class Limits:
    """What a program may use."""

    seconds: float = 10
    """Wall-clock time; processor time is limited to the same, rounded up to whole seconds."""
    memory: int = 1 << 30
    """Address space, in bytes."""
    files: int = 16 << 20
    """The size of each file, and of all files together where the folder is in memory, in bytes."""


@dataclass(frozen=True)
class Program:
    """Code and its tests, both Python."""

    solution: str
    test: str
    """Run after `solution`, with the names that it defined."""
    entry_point: str | None = None
    """The only name of a built-in that `test` takes from `solution`, for a function that is called like one."""


@dataclass(frozen=True)
class SandboxResult:
    """What came of running a program."""

    passed: bool
    error: str | None
    """Why it did not pass. None: it passed."""
    seconds: float
    """The time that it took, with the start of the child."""
    in_force: tuple[str, ...]
    """The measures that contained the child, see `containment`."""


class Sandbox:
    """Runs programs, at most `AT_ONCE` at the same time."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check(self) -> tuple[str, ...]:
        """The measures that are in force on this machine. Raises SFM2Error if no program can be run."""
        outcome = await self.run(Program("def one():\n    return 1\n", "assert one() == 1\n"))
        if not outcome.passed:
            raise SFM2Error(
                f"the sandbox does not work on this machine: {outcome.error}",
                suggestion=f"Check that `{' '.join(_COMMAND[:2])} -c pass` runs. Suites without tests need no sandbox",
            )
        return outcome.in_force

    async def run(self, program: Program) -> SandboxResult:
        """Run a program and its tests, once fewer than `AT_ONCE` others are running."""
        async with self._turns:
            with TemporaryDirectory(prefix="sfm2-eval-", ignore_cleanup_errors=True) as folder:
                return await self._run(program, folder)

    async def _run(self, program: Program, folder: str) -> SandboxResult:
        ticket, nonce = secrets.token_hex(16), secrets.token_bytes(NONCE)
        started = time.monotonic()
        async with _child(folder) as child:
            output = await self._talk(child, self._message(program, folder, ticket) + nonce)
        seconds = time.monotonic() - started
        in_force, verdict = _parts(output or b"")
        passed = compare_digest(_text(verdict.get("proof")).encode(), proof(ticket, nonce).encode())
        error = None if passed else self._why(output, verdict, child.returncode)
        return SandboxResult(passed, error, seconds, in_force)

    def _message(self, program: Program, folder: str, ticket: str) -> bytes:
        limits = ceil(self._limits.seconds), self._limits.memory, self._limits.files
        content = {"texts": asdict(program), "folder": folder, "limits": limits, "ticket": ticket}
        message = json.dumps(content).encode()
        return len(message).to_bytes(8) + message

    async def _talk(self, child: asyncio.subprocess.Process, message: bytes) -> bytes | None:
        """The child's output up to its end, or None if its time was up."""
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(message)
        try:
            async with asyncio.timeout(self._limits.seconds):
                output = await _bounded(child.stdout)
                await child.wait()
        except TimeoutError:
            return None
        return output

    def _why(self, output: bytes | None, verdict: dict[str, Any], status: int | None) -> str:
        if output is None:
            return f"not finished within {self._limits.seconds:g} s"
        if isinstance(error := verdict.get("error"), str):
            return _text(error)
        if status is not None and status < 0:
            return f"ended by {signal.Signals(-status).name}"
        return f"ended with exit status {status} before its tests were finished"


@asynccontextmanager
async def _child(folder: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child process; it and its process group are killed when the block ends."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=pipe, stdout=pipe, stderr=nothing, cwd=folder, env=_ENVIRONMENT, start_new_session=True
    )
    try:
        yield child
    finally:
        with suppress(ProcessLookupError, PermissionError):  # macOS raises the second for a group that has ended
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """The output, cut to `_MOST_OUTPUT` bytes."""
    output = b""
    while len(output) < _MOST_OUTPUT and (part := await stream.read(_MOST_OUTPUT - len(output))):
        output += part
    return output


def _parts(output: bytes) -> tuple[tuple[str, ...], dict[str, Any]]:
    """What is in force, and the verdict. The child is not trusted to send either in the right form."""
    lines = [_json(line) for line in output.splitlines()[:2]]
    messages = [line if isinstance(line, dict) else {} for line in lines] + [{}, {}]
    in_force = messages[0].get("in_force", ())
    return tuple(map(_text, in_force)) if isinstance(in_force, list) else (), messages[1]


def _text(value: object) -> str:
    """The value as text without lone surrogates, which can't be encoded."""
    return str(value).encode(errors="replace").decode()


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
