"""What runs in the sandbox's child process: locks itself in, runs the program and its tests, and proves that they passed.

Standard input brings a `Program`, by its length, and after it, unread until the last test has passed, a nonce. The proof is
made of that and of the program's ticket. The tests run in names of their own, with the built-ins as they were before.
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

_LENGTH = 8  # bytes that say how long the program is
NONCE = 32
_FIRST_DESCRIPTOR = 40
_MOST_TEXT = 300


def main() -> None:
    inbox, outbox = _hidden(0, os.O_RDONLY), _hidden(1, os.O_WRONLY)
    os.dup2(1, 2)
    program = json.loads(_read(inbox, int.from_bytes(_read(inbox, _LENGTH))))
    _say(outbox, {"in_force": contain(program["folder"], *program["limits"])})
    _say(outbox, _verdict(program, lambda: _read(inbox, NONCE)))
    os._exit(0)  # whatever the program left behind to be run at the end is not


def proof(ticket: str, nonce: bytes) -> str:
    return hashlib.sha256(ticket.encode() + nonce).hexdigest()


def _verdict(program: dict[str, Any], nonce: Callable[[], bytes]) -> dict[str, str]:
    ticket = program.pop("ticket")
    try:
        _run(**program["texts"])
    except BaseException as error:  # noqa: BLE001 `sys.exit` and Ctrl-C among them: none is a pass
        return {"error": _text_of(error)}
    return {"proof": proof(ticket, nonce())}


def _run(solution: str, test: str, entry_point: str | None) -> None:
    kept, execute = dict(vars(builtins)), exec
    tests = compile(test, "tests.py", "exec", dont_inherit=True)
    module = ModuleType("solution")
    sys.modules["solution"] = module  # dataclasses look their module up
    exec(compile(solution, "solution.py", "exec", dont_inherit=True), vars(module))  # noqa: S102
    names = {name: value for name, value in vars(module).items() if name == entry_point or name not in kept}
    names |= {"__builtins__": kept, "__name__": "tests"}
    execute(tests, names)


def _text_of(error: BaseException) -> str:
    """Asking an error of the program for its text runs the program, too."""
    try:
        return f"{type(error).__name__}: {error}"[:_MOST_TEXT].removesuffix(": ")
    except BaseException:  # noqa: BLE001
        return type(error).__name__


def _hidden(descriptor: int, flags: int) -> int:
    """Another descriptor for the same; the one itself is then connected to nothing."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_DESCRIPTOR)
    nothing = os.open(os.devnull, flags)
    os.dup2(nothing, descriptor)
    os.close(nothing)
    return copy


def _read(descriptor: int, size: int) -> bytes:
    """So many bytes and none more: what follows stays in the pipe."""
    found = b""
    while len(found) < size:
        part = os.read(descriptor, size - len(found))
        if not part:
            raise EOFError
        found += part
    return found


def _say(descriptor: int, message: dict[str, Any]) -> None:
    os.write(descriptor, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
