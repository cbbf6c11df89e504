"""Looks at a server's `/health/live` every 50 ms until its standard input closes: `python -m benchmarks.chaos.watching URL`.

In a process of its own: among the threads of a crowd of clients it would measure them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

_EVERY = 0.05  # seconds
_STATISTICS = 20.0  # seconds; they look back on a minute


@dataclass
class Seen:
    """Seconds that `/health/live` took, and by which the server's event loop was late, at most, as it says itself."""

    live: list[float] = field(default_factory=list)
    lag: float = 0.0

    def __str__(self) -> str:
        times = sorted(self.live)
        return f"{1000 * times[-1]:.0f} ms (99 %: {1000 * times[int(0.99 * len(times))]:.0f}), {1000 * self.lag:.0f} ms"


@contextmanager
def watched(url: str) -> Iterator[Seen]:
    """What is filled in when this ends."""
    seen = Seen()
    command = [sys.executable, "-m", "benchmarks.chaos.watching", url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun to look
        try:
            yield seen
        finally:
            found, _ = process.communicate()
            seen.live, seen.lag = json.loads(found)


def main() -> None:
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    seen, next_statistics = Seen(), time.monotonic() + _STATISTICS
    with httpx.Client(base_url=sys.argv[1], timeout=60, trust_env=False) as http:
        http.get("/health/live")  # the first takes its time to connect
        print(flush=True)
        while not ended.wait(_EVERY):
            started = time.perf_counter()
            try:
                http.get("/health/live")
            except httpx.HTTPError:
                continue
            seen.live.append(time.perf_counter() - started)
            if time.monotonic() > next_statistics:
                next_statistics += _STATISTICS
                seen.lag = max(seen.lag, _lag(http))
        seen.lag = max(seen.lag, _lag(http))
    print(json.dumps([seen.live, seen.lag]))


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _lag(http: httpx.Client) -> float:
    try:
        return float(http.get("/stats").json()["loop_lag"])
    except (httpx.HTTPError, KeyError):
        return 0.0


if __name__ == "__main__":
    main()
