"""Requests that ask for too much, or for what makes no sense."""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks.chaos.rows import client, row, status_of

from sfm2.testing import ServerProcess


@row("temperature 1e-320, 20 times")
def odd_values(server: ServerProcess) -> str:
    with client(server) as http:
        body = {"prompt": "x = ", "temperature": 1e-320, "max_length": 8}
        return f"answered {dict(Counter(status_of(http, '/generate', body) for _ in range(20)))}"


@row("three requests of 2,048 tokens")
def long_answers(server: ServerProcess) -> str:
    def ask(number: int) -> int:
        body = {
            "prompt": f"# {number}\n1\n2\n3\n",
            "max_length": 2048,
            "mode": "free",
            "guard": False,
            "language": "text",
        }
        with client(server, timeout=120) as http:
            return status_of(http, "/generate", body)

    with ThreadPoolExecutor() as pool:
        return f"answered {dict(Counter(pool.map(ask, range(3))))}"


@row("prefixes of 188 KB that a grammar is at a loss with")
def hostile_prefixes(server: ServerProcess) -> str:
    texts = {
        "a.sh": "$((" * 62_000,
        "a.js": "(" * 188_000,
        "a.dart": "🙂" * 20_000,
        "a.py": "[" * 188_000,
        "a.go": "x" * 188_000,
    }
    took = {}
    with client(server) as http:
        for path, text in texts.items():
            started = time.perf_counter()
            status = status_of(http, "/complete", {"prefix": text, "path": path})
            took[path] = f"{path} {status} in {time.perf_counter() - started:.1f} s"
    return ", ".join(took.values())


@row("a body of 430 KB of unknown fields, 5 times")
def unknown_fields(server: ServerProcess) -> str:
    body = json.dumps({"prompt": "x"} | {f"field_{number}": number for number in range(20_000)}).encode()
    headers = {"Content-Type": "application/json"}
    with client(server) as http:
        answers = [http.post("/generate", content=body, headers=headers) for _ in range(5)]
    slowest = max(answer.elapsed.total_seconds() for answer in answers)
    return f"{answers[0].status_code}, {len(answers[0].content):,} bytes, at most {slowest:.2f} s"
