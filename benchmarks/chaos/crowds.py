"""Many who ask at once."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks.chaos.rows import PREFIX, REFUSED, client, row, status_of

from sfm2.testing import ServerProcess

SECONDS = 20.0  # that a crowd asks


def crowd(server: ServerProcess, clients: int, length: int, seconds: float = SECONDS) -> tuple[float, Counter[int]]:
    """Answers per second, and all statuses, of so many who ask again as soon as they are answered."""
    end = time.monotonic() + seconds
    statuses: Counter[int] = Counter()

    def ask(number: int) -> None:
        with client(server) as http:
            while time.monotonic() < end:
                prompt = f"# {number} {time.time()}\ndef solve_{number}(items, target):\n"
                body = {"prompt": prompt, "max_length": length, "temperature": 0.8, "language": "python"}
                status = status_of(http, "/generate", body)
                if time.monotonic() < end + 30:
                    statuses[status] += 1
                if status in REFUSED:
                    time.sleep(1)

    started = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(clients)))
    return statuses[200] / (time.monotonic() - started), statuses


def _crowds(server: ServerProcess, length: int) -> str:
    found = {clients: crowd(server, clients, length) for clients in (24, 64, 200)}
    parts = []
    for clients, (rate, statuses) in found.items():
        bad = sum(count for status, count in statuses.items() if status != 200 and status not in REFUSED)
        refused = sum(statuses[status] for status in REFUSED)
        parts.append(f"{clients}: {rate:.2f}/s, {refused} refused, {bad} lost")
    return "; ".join(parts)


@row("24, 64 and 200 clients, 100 tokens")
def crowd_100(server: ServerProcess) -> str:
    return _crowds(server, 100)


@row("24, 64 and 200 clients, 250 tokens")
def crowd_250(server: ServerProcess) -> str:
    return _crowds(server, 250)


@row("64 clients, 100 tokens, 4 workers", "--workers", "4")
def crowd_of_workers(server: ServerProcess) -> str:
    rate, statuses = crowd(server, 64, 100)
    return f"{rate:.2f}/s; {dict(statuses)}"


@row("two keys with batches of 60 beside one who types")
def batches(server: ServerProcess) -> str:
    def typing(seconds: float) -> list[float]:
        times, end = [], time.monotonic() + seconds
        with client(server) as http:
            while time.monotonic() < end:
                body = {"prefix": f"# {time.time()}\n{PREFIX}", "suffix": "\n", "path": "a.py", "max_length": 24}
                started = time.perf_counter()
                http.post("/complete", json=body).raise_for_status()
                times.append(time.perf_counter() - started)
                time.sleep(0.2)
        return times

    def batch(number: int) -> Counter[str]:
        prompts = [f"# {number} {at}\ndef solve_{at}(items):\n" for at in range(60)]
        with client(server, timeout=300) as http:
            answer = http.post("/generate/batch", json={"prompts": prompts, "max_length": 100, "temperature": 0})
            return Counter(one.get("finish_reason") or one["error"] for one in answer.json()["results"])

    alone = typing(8)
    with ThreadPoolExecutor() as pool:
        answered = [pool.submit(batch, number) for number in range(2)]
        time.sleep(2)
        beside = typing(12)
        done = sum((one.result() for one in answered), Counter[str]())
    ratio = statistics.median(beside) / statistics.median(alone)
    p95 = sorted(beside)[int(0.95 * len(beside))]
    return (
        f"median {statistics.median(alone):.2f} s alone, {statistics.median(beside):.2f} s beside ({ratio:.1f} times), "
        f"95 % {p95:.2f} s; of the batches {dict(done)}"
    )
