"""What a server does when things go wrong: `make chaos`. Real weights, real attacks, and others who go on working meanwhile.

  python -m benchmarks.chaos [ROW ...]      all rows, or those whose name contains one of the words

Each row does one thing to a server, while four others complete code every half second. What became of them is in the table:
lost (an error that is no refusal), refused (429 or 503), the longest answer to `/health/live`, and by how much the event
loop was late at most, as the server says. Figures of time are of this machine; it should have nothing else to do. The
figures go into LOG.md.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from benchmarks.chaos import connections, crowds, requests, store  # noqa: F401 - they add their rows
from benchmarks.chaos.processes import answers
from benchmarks.chaos.rows import PREFIX, REFUSED, ROWS, client, status_of
from benchmarks.chaos.watching import watched
from rich.console import Console
from rich.table import Table

from sfm2.testing import ServerProcess, serve_process

console = Console(width=150)


@dataclass
class Others:
    """Four who complete code while something happens."""

    server: ServerProcess
    statuses: list[int] = field(default_factory=list)
    _ended: Event = field(default_factory=Event)

    @contextmanager
    def working(self) -> Iterator[None]:
        threads = [Thread(target=self._complete, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _complete(self, number: int) -> None:
        with client(self.server) as http:
            while not self._ended.is_set():
                body = {
                    "prefix": f"# {number} {time.time()}\n{PREFIX}",
                    "suffix": "\n",
                    "path": "a.py",
                    "max_length": 24,
                }
                self.statuses.append(status_of(http, "/complete", body))
                self._ended.wait(0.5)

    @property
    def refused(self) -> int:
        return sum(status in REFUSED for status in self.statuses)

    @property
    def lost(self) -> int:
        return sum(status != 200 and status not in REFUSED for status in self.statuses)


def run(name: str) -> tuple[str, ...]:
    one, options = ROWS[name]
    folder = Path(tempfile.mkdtemp(prefix="sfm2-chaos-"))
    try:
        with serve_process(folder, *options) as server:
            others = Others(server)
            if name.startswith("the data folder"):
                return name, one(server), "-", "-", "-"
            answers(server)
            with watched(server.url) as looks, others.working():
                time.sleep(1)
                seen = one(server)
                time.sleep(1)
            asked = len(others.statuses)
            return (
                name,
                seen,
                f"{others.lost} of {asked}",
                f"{others.refused} of {asked}",
                str(looks),
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="words of the names of rows; else all")
    given = parser.parse_args()
    table = Table("what was done", "what was seen", "others lost", "others refused", "/health/live, longest; loop lag")
    for name in ROWS:
        if not given.rows or any(word in name for word in given.rows):
            found = run(name)
            console.print(" | ".join(found))
            table.add_row(*found)
    console.print(table)


if __name__ == "__main__":
    main()
