"""The store: locked, and gone."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from pathlib import Path

from benchmarks.chaos.rows import SHORT, client, row, status_of

from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import ServerProcess, serve_process


def database(server: ServerProcess) -> Path:
    (found,) = Path(server.environment["SFM2_STORAGE_DATA_DIR"]).glob("*.db")
    return found


@row("the store locked for 10 s")
def locked(server: ServerProcess) -> str:
    with client(server) as http, sqlite3.connect(database(server), timeout=5) as other:
        other.execute("BEGIN EXCLUSIVE")
        times, statuses = [], []
        end = time.monotonic() + 10
        while time.monotonic() < end:
            started = time.perf_counter()
            statuses.append(status_of(http, "/complete", SHORT))
            times.append(time.perf_counter() - started)
        other.rollback()
    tracebacks = server.log.read_text(encoding="utf-8").count("Traceback")
    return f"{dict(Counter(statuses))}, at most {max(times):.1f} s, {tracebacks} tracebacks"


@row("the data folder deleted, then a restart")
def deleted(server: ServerProcess) -> str:
    folder = Path(server.environment["SFM2_STORAGE_DATA_DIR"])
    _, text = Keys(Store.in_folder(folder)).create()
    with client(server) as http, client(server, text) as mine:
        before = [one.post("/complete", json=SHORT).status_code for one in (http, mine)]
        for name in folder.glob("*.db*"):
            name.unlink()
        time.sleep(3)
        during = [one.post("/complete", json=SHORT).status_code for one in (http, mine)]
    server.stop()
    environment = {name: value for name, value in server.environment.items() if name.startswith("SFM2_")}
    log = folder / "again"
    log.mkdir()
    with serve_process(log, environment=environment, ready=False) as again, client(again) as http:
        after = http.post("/complete", json=SHORT).status_code
    return f"without and with the key: before {before}, deleted {during}; after a restart, without a key: {after}"
