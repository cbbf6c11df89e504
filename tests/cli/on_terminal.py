"""A process on a terminal of its own (a pty), as a person would see it.

Not by `pty.fork()`, and so not by pexpect: once an engine has run in this process, a fork of it was seen to die of SIGSEGV
before it became another program (which native library is at fault was not found). `subprocess` starts programs without that.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

WAIT = 30  # seconds
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.seen = ""
        self._master = master

    def read_until(self, text: str) -> str:
        """All output so far, once `text` is in it."""
        while text not in self.seen and self._read():
            pass
        assert text in self.seen, self.seen
        return self.seen

    def interrupt_until(self, text: str) -> None:
        """Press Ctrl-C until the program says `text`.

        Python overlooks one that comes just before it begins to wait, for a key or for the network, until something comes.
        """
        for _ in range(WAIT):
            self.process.send_signal(signal.SIGINT)
            while text not in self.seen and select.select([self._master], [], [], 1.0)[0]:
                self._read()
            if text in self.seen:
                return
        raise AssertionError(self.seen)

    def end(self) -> tuple[int, str]:
        """The exit code and all output."""
        while self._read():
            pass
        return self.process.wait(WAIT), self.seen

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], WAIT)
        assert ready, f"nothing came for {WAIT} s after {self.seen!r}"
        try:
            data = os.read(self._master, 65536)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.seen += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)


@contextmanager
def on_terminal(
    command: Sequence[str], environment: Mapping[str, str], stdout: int | None = None, columns: int = 80
) -> Iterator[Terminal]:
    """`stdout` takes standard output elsewhere; the rest stays on the terminal."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    own = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        command, env={"TERM": "xterm-256color", **own}, stdin=slave, stderr=slave, stdout=stdout or slave
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait(WAIT)
        if process.stdout:
            process.stdout.close()
        os.close(master)


def plain(text: str) -> str:
    """Without colours and cursor movements."""
    return _ESCAPES.sub("", text)
