"""The sandbox's child process: it contains itself, runs a program and its tests, and proves that they passed.

Standard input carries the length of a `Program`, the program, and a nonce that is not read before the last test has passed.
The proof is a digest of that nonce and the program's ticket. The tests run in a namespace of their own, with the
built-ins as they were before the program ran.
"""

from __future__ import annotations

import builtins
import fcntl
import hashlib
import json
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from sfm2.evals.containment import contain

_LENGTH = 8  # bytes of the number that gives the program's length
NONCE = 32
"""The length of the nonce, in bytes."""
_FIRST_DESCRIPTOR = 40  # the pipes are moved to descriptors from here on
_MOST_TEXT = 300  # characters of an error message


def main() -> None:
    """Run the program from standard input, and write two lines of JSON to standard output.

    The first line has `in_force` (see `containment.contain`), the second `proof`, or `error` if a test failed.
    """
    inbox, outbox = _hidden(0, os.O_RDONLY), _hidden(1, os.O_WRONLY)
    os.dup2(1, 2)
    program = json.loads(_read(inbox, int.from_bytes(_read(inbox, _LENGTH))))
    _send(outbox, {"in_force": contain(program["folder"], *program["limits"])})
    _send(outbox, _verdict(program, lambda: _read(inbox, NONCE)))
    os._exit(0)  # without the exit handlers that the program may have registered


def proof(ticket: str, nonce: bytes) -> str:
    """The proof that the tests passed: a SHA-256 over the program's ticket and the nonce."""
    return hashlib.sha256(ticket.encode() + nonce).hexdigest()


def _verdict(program: dict[str, Any], nonce: Callable[[], bytes]) -> dict[str, str]:
    ticket = program.pop("ticket")
    try:
        _run(**program["texts"])
    except BaseException as error:  # noqa: BLE001 `sys.exit` and KeyboardInterrupt too: none of them is a pass
        return {"error": _text_of(error)}
    return {"proof": proof(ticket, nonce())}


def _run(solution: str, test: str, entry_point: str | None) -> None:
    kept, execute = dict(vars(builtins)), exec
    tests = compile(test, "tests.py", "exec", dont_inherit=True)
    module = ModuleType("solution")
    sys.modules["solution"] = module  # dataclasses look up their module
    exec(compile(solution, "solution.py", "exec", dont_inherit=True), vars(module))  # noqa: S102
    names = {name: value for name, value in vars(module).items() if name == entry_point or name not in kept}
    names |= {"__builtins__": kept, "__name__": "tests"}
    execute(tests, names)


def _text_of(error: BaseException) -> str:
    """The error's type and message. An exception class of the program may raise when it is asked for its message."""
    try:
        return f"{type(error).__name__}: {error}"[:_MOST_TEXT].removesuffix(": ")
    except BaseException:  # noqa: BLE001
        return type(error).__name__


def _hidden(descriptor: int, flags: int) -> int:
    """Move what `descriptor` refers to to another descriptor, and connect `descriptor` to the null device."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
    nothing = os.open(os.devnull, flags)
    os.dup2(nothing, descriptor)
    os.close(nothing)
    return copy


def _read(descriptor: int, size: int) -> bytes:
    """Read exactly `size` bytes; what follows stays in the pipe. Raises EOFError when there are fewer."""
    found = b""
    while len(found) < size:
        part = os.read(descriptor, size - len(found))
        if not part:
            raise EOFError
        found += part
    return found


def _send(descriptor: int, message: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
