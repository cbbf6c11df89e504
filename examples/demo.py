"""What `make demo` runs: start a server, generate a merge sort, run it, say where to go next.

On a terminal the server stays until Ctrl-C; elsewhere it is stopped.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.syntax import Syntax

from sfm2 import Completion, SFM2Client

PROMPT = "def merge_sort(arr):"
SAMPLE = [5, 2, 9, 1, 5, -3, 0]
NEXT = """
Next, in another terminal:
  source .venv/bin/activate
  sfm2 generate "def quicksort(arr):" --language python
  sfm2 complete --file FILE.py --line 42
  sfm2 explain --code "lambda x, y: x**2 + y**2"
  open {url}    to write in the browser, and to connect your editor
"""
console = Console()


def main() -> None:
    with running_server() as url, SFM2Client(api_url=url) as client:
        wait_until_ready(client)
        started = time.perf_counter()
        result = client.generate(PROMPT, max_length=300, temperature=0, language="python")
        seconds = time.perf_counter() - started
        console.print(Syntax(result.generated_code, "python", background_color="default"))
        report(result, seconds)
        console.print(NEXT.format(url=url), highlight=False)
        if sys.stdin.isatty() and sys.stdout.isatty():
            console.print("The server keeps running; Ctrl-C stops it.")
            wait_for_interrupt()


@contextmanager
def running_server() -> Iterator[str]:
    """`sfm2 serve` on its usual port, or on a free one when that is taken. It pulls the weights if need be."""
    environment = {"SFM2_MODELS_SFM2_AUTO_PULL": "true", "SFM2_LOG_LEVEL": "WARNING", **os.environ}
    command = [sys.executable, "-m", "sfm2", "serve", "--port"]
    for port in ("8000", "0"):
        process = subprocess.Popen([*command, port], env=environment, stdout=subprocess.PIPE, text=True)
        url = address_of(process)
        if url:
            break
        console.print("Port 8000 is taken; trying a free one.")
    else:
        sys.exit("the server did not start; see above")
    try:
        yield url
    finally:
        process.terminate()
        process.wait()


def address_of(process: subprocess.Popen[str]) -> str | None:
    assert process.stdout is not None
    found = (re.search(r"http://\S+", line) for line in process.stdout)
    return next((match[0] for match in found if match), None)


def wait_until_ready(client: SFM2Client) -> None:
    with console.status("starting") as status:
        while (health := client.health_check())["model_status"]["sfm2"] != "available":
            detail = health["model_details"]["sfm2"]
            if health["model_status"]["sfm2"] == "unavailable":
                sys.exit(f"SFM-2 is not available: {detail}")
            status.update(detail)
            time.sleep(0.2)


def report(result: Completion, seconds: float) -> None:
    names: dict[str, Any] = {}
    exec(result.generated_code, names)  # noqa: S102 what was just shown, to see that it sorts
    outcome = names["merge_sort"](list(SAMPLE))
    verdict = "it sorts" if outcome == sorted(SAMPLE) else "it does NOT sort"
    console.print(
        f"\nmerge_sort({SAMPLE}) -> {outcome}: {verdict}\n"
        f"{result.tokens.completion} tokens in {seconds:.1f} s by {result.model_used}, confidence {result.confidence:.2f}",
        highlight=False,
    )
    if outcome != sorted(SAMPLE):
        sys.exit(1)


def wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("\nStopped.")


if __name__ == "__main__":
    main()
