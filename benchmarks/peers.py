"""SFM-2 beside llama.cpp's server: the same weights, the same machine, in turn in one run.

  python -m benchmarks.peers LLAMA_SERVER [--rounds 3] [--json FILE]

`LLAMA_SERVER` is the program, built natively. It runs twice: as it is, and with its draftless speculation
(`--spec-type ngram-mod`). SFM-2 is `sfm2 serve` as it comes, guard and all. Each workload is asked of all three one after
the other, in another order each round; the others are idle then. Figures are medians over rounds, ratios are of medians.
It needs the default weights and an otherwise idle machine. The figures go into LOG.md.

Workloads:
  cold        a prompt that nobody has read, of about so many tokens, and one token of answer
  stream      128 tokens, nobody else asking
  at once     so many different prompts together, 64 tokens each
  edit        128 tokens that copy what stands in the prompt
  typing      one person types the next 12 characters in a file of about 1,000 tokens: each key asks for the hole anew
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from sfm2.config import load
from sfm2.models.store import ModelStore
from sfm2.models.weights import ensure
from sfm2.server.process.listening import listen
from sfm2.testing import serve_process, until

CHARACTERS = 3.4  # of code a token of these weights has, about
STREAM, TOGETHER, COPIED, KEYS = 128, 64, 128, 12
SPECULATION = ("--spec-type", "ngram-mod")
COUNTING = "# numbers\n" + ",".join(f" {i}" for i in range(1, 60)) + ","  # goes on for any number of tokens
_UNIQUE = count(1)
console = Console(width=150)


@dataclass(frozen=True)
class Server:
    """One of those that are compared."""

    name: str
    http: httpx.Client
    ours: bool

    def continue_(self, prompt: str, tokens: int) -> int:
        """Ask for `tokens` after a prompt; how many there were."""
        if self.ours:
            body: dict[str, Any] = {"prompt": prompt, "max_length": tokens, "temperature": 0, "language": "text"}
            return int(self._post("/generate", body)["tokens"]["completion"])
        body = {"prompt": prompt, "n_predict": tokens, "temperature": 0, "cache_prompt": True}
        return int(self._post("/completion", body)["tokens_predicted"])

    def fill(self, prefix: str, suffix: str) -> str:
        """Ask for what is missing between the two, as an editor does."""
        if self.ours:
            body: dict[str, Any] = {"prefix": prefix, "suffix": suffix, "max_length": 64, "path": "module.py"}
            return str(self._post("/complete", body)["completion"])
        body = {"input_prefix": prefix, "input_suffix": suffix, "n_predict": 64, "temperature": 0, "cache_prompt": True}
        return str(self._post("/infill", body)["content"])

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()


Workload = Callable[[Server, random.Random], float]
"""Asks one server and returns a figure. Equal random numbers make equal requests, but for a number that nobody has seen."""


def code(size: int, chance: random.Random) -> str:
    """About `size` tokens of Python that begin with a line of their own."""
    sources = [path.read_text(encoding="utf-8") for path in _modules()]
    chance.shuffle(sources)
    return f"# {next(_UNIQUE)} {time.time_ns()}\n" + "\n".join(sources)[: int(size * CHARACTERS)]


def _modules() -> list[Path]:
    root = Path(str(files("sfm2")))
    return sorted(path for path in (root / "core").glob("*.py") if path.stat().st_size > 2_000)


def cold(size: int) -> Workload:
    def seconds(server: Server, chance: random.Random) -> float:
        prompt = code(size, chance)
        return _timed(lambda: server.continue_(prompt, 1))

    return seconds


def stream(server: Server, chance: random.Random) -> float:
    """Tokens a second, after the prompt was read once."""
    server.continue_(COUNTING, 1)
    # A seed would be another request too, but the same tokens are what is measured.
    took = _timed(lambda: _all(server.continue_(COUNTING, STREAM), STREAM))
    return STREAM / took


def at_once(clients: int) -> Workload:
    def rate(server: Server, chance: random.Random) -> float:
        prompts = [f"# {next(_UNIQUE)} {time.time_ns()}\n{COUNTING}" for _ in range(clients)]
        with ThreadPoolExecutor(clients) as pool:
            took = _timed(lambda: list(pool.map(lambda prompt: server.continue_(prompt, TOGETHER), prompts)))
        return clients * TOGETHER / took

    return rate


def edit(server: Server, chance: random.Random) -> float:
    """Tokens a second of a text that stands in the prompt; reading it does not count."""
    text = code(300, chance)
    prompt = f"{text}\n\n# The same file once more:\n\n{text[: len(text) // 6]}"
    server.continue_(prompt, 1)
    started = time.perf_counter()
    written = server.continue_(prompt, COPIED)
    return written / (time.perf_counter() - started)


def typing(server: Server, chance: random.Random) -> float:
    """Seconds from a key to the whole answer, the median of `KEYS` keys; opening the place does not count."""
    text = code(1_000, chance)
    at = text.index("\n", int(len(text) * 0.6)) + 1
    at = text.index("    return ", at) if "    return " in text[at:] else at
    times = []
    for key in range(KEYS + 1):
        prefix, suffix = text[: at + key], text[text.index("\n", at + KEYS) :]
        times.append(_timed(lambda prefix=prefix, suffix=suffix: server.fill(prefix, suffix)))  # type: ignore[misc]
    return statistics.median(times[1:])


WORKLOADS: dict[str, tuple[Workload, str]] = {
    "cold, 100 tokens": (cold(100), "s"),
    "cold, 1,000 tokens": (cold(1_000), "s"),
    "cold, 4,000 tokens": (cold(4_000), "s"),
    "one stream": (stream, "tokens/s"),
    "8 at once": (at_once(8), "tokens/s"),
    "32 at once": (at_once(32), "tokens/s"),
    "edit": (edit, "tokens/s"),
    "typing on": (typing, "s"),
}


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _all(written: int, wanted: int) -> None:
    assert written == wanted, f"{written} tokens instead of {wanted}"


@contextmanager
def llama_server(program: Path, weights: Path, more: Sequence[str] = ()) -> Iterator[httpx.Client]:
    """llama.cpp's server with places for 32 clients, on a free port."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [program, "--model", weights, "--host", "127.0.0.1", "--port", port, "--parallel", 32, *more]
    command += ["--ctx-size", 65_536, "--threads", os.cpu_count() or 1, "--kv-unified", "--no-webui"]
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(list(map(str, command)), stdout=log, stderr=subprocess.STDOUT) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300, trust_env=False) as http,
    ):
        try:
            until(lambda: process.poll() is not None or _answers(http), 120)
            if process.poll() is not None:
                log.seek(0)
                sys.exit(f"{program} ended: {log.read()[-2_000:]}")
            yield http
        finally:
            process.terminate()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/health").is_success
    except httpx.TransportError:
        return False


@contextmanager
def servers(program: Path) -> Iterator[list[Server]]:
    settings = load({"models.sfm2.auto_pull": True}).settings
    weights = ensure(settings.models.sfm2, ModelStore(settings.storage.cache_dir)).path
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = stack.enter_context(serve_process(folder))
        ours.until_ready()
        client = stack.enter_context(httpx.Client(base_url=ours.url, timeout=300, trust_env=False))
        plain = stack.enter_context(llama_server(program, weights))
        speculating = stack.enter_context(llama_server(program, weights, SPECULATION))
        yield [
            Server("SFM-2", client, True),
            Server("llama.cpp", plain, False),
            Server("llama.cpp, ngram-mod", speculating, False),
        ]


def measure(asked: Sequence[Server], names: Sequence[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """For each workload and server, a figure of each round."""
    found: dict[str, dict[str, list[float]]] = {name: {server.name: [] for server in asked} for name in names}
    for number in range(rounds):
        for name in names:
            for server in random.Random(f"{number} {name}").sample(asked, len(asked)):
                found[name][server.name].append(WORKLOADS[name][0](server, random.Random(number)))
        console.print(f"round {number + 1} of {rounds}")
    return found


def show(found: dict[str, dict[str, list[float]]]) -> None:
    """A row for each workload, with the ratio to the better of llama.cpp's two."""
    table = Table("", *next(iter(found.values())), "times the best of llama.cpp")
    for name, by_server in found.items():
        unit = WORKLOADS[name][1]
        medians = {server: statistics.median(figures) for server, figures in by_server.items()}
        ours, *theirs = medians.values()
        ratio = min(theirs) / ours if unit == "s" else ours / max(theirs)
        cells = [
            f"{median:.3g} ({min(by_server[server]):.3g} to {max(by_server[server]):.3g})"
            for server, median in medians.items()
        ]
        table.add_row(f"{name}, {unit}", *cells, f"{ratio:.2f}")
    console.print(table)
    console.print("Medians over rounds, with the least and the most; seconds: less is better.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(WORKLOADS), default=list(WORKLOADS))
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    chosen = parser.parse_args()
    with servers(chosen.program) as asked:
        figures = measure(asked, chosen.only, chosen.rounds)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    show(figures)
