"""The engine and the workers: frozen, killed, replaced."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psutil
from benchmarks.chaos.rows import SHORT, client, row, status_of

from sfm2.testing import ServerProcess


def engine_of(server: ServerProcess) -> psutil.Process:
    children = psutil.Process(server.process.pid).children(recursive=True)
    return next(child for child in children if "sfm2.engines.openvino" in " ".join(child.cmdline()))


def seconds_until(condition: Callable[[], bool], most: float = 90.0) -> float:
    started = time.monotonic()
    while not condition() and time.monotonic() - started < most:
        time.sleep(0.1)
    return time.monotonic() - started


def is_ready(server: ServerProcess) -> bool:
    with client(server, timeout=5) as http:
        return status_of(http, "/health/ready") == 200


def answers(server: ServerProcess) -> bool:
    with client(server, timeout=30) as http:
        return status_of(http, "/complete", SHORT) == 200


@row("the engine frozen (SIGSTOP)")
def frozen(server: ServerProcess) -> str:
    engine_of(server).suspend()
    red = seconds_until(lambda: not is_ready(server))
    back = seconds_until(lambda: is_ready(server))
    first = seconds_until(lambda: answers(server))
    return f"red after {red:.1f} s, ready again {back:.1f} s later, first answer {first:.1f} s after that"


@row("the engine killed (SIGKILL)")
def killed(server: ServerProcess) -> str:
    engine_of(server).kill()
    seconds_until(lambda: not is_ready(server), 10)
    back = seconds_until(lambda: is_ready(server))
    first = seconds_until(lambda: answers(server))
    return f"ready again after {back:.1f} s, first answer {first:.1f} s after that"


@row("SIGHUP with 4 workers", "--workers", "4")
def hang_up(server: ServerProcess) -> str:
    before = {child.pid for child in psutil.Process(server.process.pid).children()}
    server.process.send_signal(signal.SIGHUP)

    def replaced() -> bool:
        return len({child.pid for child in psutil.Process(server.process.pid).children()} & before) <= 2

    return f"replaced after {seconds_until(replaced):.1f} s"
