"""Runs generated code and its tests in a child process of its own, locked in as far as the system lets it.

The child gets next to no environment, nothing to read, a temporary folder, `Limits`, and what `containment` lists.
It is killed when its time is up, or when whoever waits for it is cancelled.

A pass is proven by a digest of a nonce that the child reads only after the last test has passed: leaving early (`sys.exit`,
`os._exit`, a signal), printing, raising and replacing `check`, `assert`'s error or built-ins prove nothing.

Not covered:
- Code written against this very harness: it runs in the process that tells the verdict, so that it can look for the ticket
  in the frames below it and for the nonce in the open descriptors, and forge the proof.
- Answers that equal everything (`__eq__` that says yes), and a standard library that was tampered with: the tests then pass.
- Reading: the files of this machine that its user may read. Nothing gets out but 4 KiB, which are only shown.
- Load: a program may use one processor for as long as it has time.
- Honest programs that need threads, other processes or sockets: they fail.
- Systems without namespaces and system call filters (macOS): there only Python's own ways out are closed.
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
_MOST_OUTPUT = 4096
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}  # NumPy's own threads: there are none in the sandbox
_COMMAND = (sys.executable, "-I", "-X", "utf8", "-m", "sfm2.evals.sandbox_child")


@dataclass(frozen=True)
class Limits:
    """`seconds` of the wall clock, and of the processor rounded up; sizes in bytes. `files`: each, and all in memory."""

    seconds: float = 10
    memory: int = 1 << 30
    files: int = 16 << 20


@dataclass(frozen=True)
class Program:
    """`test` is run after `solution` with its names; of names of built-ins only `entry_point` may be one of them."""

    solution: str
    test: str
    entry_point: str | None = None


@dataclass(frozen=True)
class SandboxResult:
    """`error`: why it did not pass. `in_force`: what the child was locked into, see `containment`."""

    passed: bool
    error: str | None
    seconds: float
    in_force: tuple[str, ...]


class Sandbox:
    """Runs two programs at once at most."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check(self) -> tuple[str, ...]:
        """What is in force here. Raises SFM2Error if programs don't run at all."""
        outcome = await self.run(Program("def one():\n    return 1\n", "assert one() == 1\n"))
        if not outcome.passed:
            raise SFM2Error(
                f"the sandbox does not work on this machine: {outcome.error}",
                suggestion=f"Does `{' '.join(_COMMAND[:2])} -c pass` run? Suites without tests need no sandbox",
            )
        return outcome.in_force

    async def run(self, program: Program) -> SandboxResult:
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
        """What the child says until it ends; None: its time was up."""
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
            return f"not done within {self._limits.seconds:g} s"
        if isinstance(error := verdict.get("error"), str):
            return _text(error)
        if status is not None and status < 0:
            return f"ended by {signal.Signals(-status).name}"
        return f"ended with exit status {status} before its tests did"


@asynccontextmanager
async def _child(folder: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child that is gone afterwards, with all of its group."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=pipe, stdout=pipe, stderr=nothing, cwd=folder, env=_ENVIRONMENT, start_new_session=True
    )
    try:
        yield child
    finally:
        with suppress(ProcessLookupError, PermissionError):  # macOS says the second of a group that has ended
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """All of it; of one that says more than anybody should, the beginning."""
    output = b""
    while len(output) < _MOST_OUTPUT and (part := await stream.read(_MOST_OUTPUT - len(output))):
        output += part
    return output


def _parts(output: bytes) -> tuple[tuple[str, ...], dict[str, Any]]:
    """What is in force, and the verdict; the child cannot be trusted to say either."""
    lines = [_json(line) for line in output.splitlines()[:2]]
    said = [line if isinstance(line, dict) else {} for line in lines] + [{}, {}]
    in_force = said[0].get("in_force", ())
    return tuple(map(_text, in_force)) if isinstance(in_force, list) else (), said[1]


def _text(value: object) -> str:
    """Without lone surrogates, which no file takes."""
    return str(value).encode(errors="replace").decode()


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
