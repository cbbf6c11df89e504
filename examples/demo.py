"""What `make demo` runs: start a server, generate a merge sort, run it, say where to go next.

On a terminal the server stays until Ctrl-C; elsewhere it is stopped.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from os import environ
from typing import Any

import click

from sfm2 import Completion, SFM2Client, SFM2Error
from sfm2.cli import terminal
from sfm2.cli.code_view import CodeView
from sfm2.cli.progress import waiting

PROMPT = "def merge_sort(arr):"
SAMPLE = [5, 2, 9, 1, 5, -3, 0]
SERVER = {
    "SFM2_MODELS_SFM2_AUTO_PULL": "true",
    "SFM2_LOG_LEVEL": "WARNING",
    "SFM2_GENERATION_TIMEOUT": "120",  # the first answer of a machine that is still busy with the installation
}
NEXT = """
Next, in another terminal:
  source .venv/bin/activate
  sfm2 generate "def is_prime(n):"
  sfm2 complete FILE.py:42
  sfm2 explain FILE.py
  sfm2 chat
  open {url}    to write in the browser, and to connect your editor
"""


def main() -> None:
    try:
        with running_server() as url, SFM2Client(api_url=url) as client:
            wait_until_ready(client)
            show_merge_sort(client)
            click.echo(NEXT.format(url=url))
            if sys.stdin.isatty() and sys.stdout.isatty():
                click.echo("The server keeps running; Ctrl-C stops it.")
                wait_for_interrupt()
    except SFM2Error as error:
        sys.exit(f"error: {error.message}\nhint: {error.suggestion}")


@contextmanager
def running_server() -> Iterator[str]:
    """`sfm2 serve` on its usual port, or on a free one when that is taken."""
    command = [sys.executable, "-m", "sfm2", "serve", "--port"]
    for port in ("8000", "0"):
        process = subprocess.Popen([*command, port], env={**SERVER, **environ}, stdout=subprocess.PIPE, text=True)
        url = address_of(process)
        if url:
            break
        click.echo("Port 8000 is taken; trying a free one.")
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
    return next((match[0].rstrip("/") for match in found if match), None)


def wait_until_ready(client: SFM2Client) -> None:
    detail = "starting"
    with waiting(lambda: detail):
        while (health := client.health_check())["model_status"]["sfm2"] != "available":
            detail = health["model_details"]["sfm2"]
            if health["model_status"]["sfm2"] == "unavailable":
                sys.exit(f"SFM-2 is not available: {detail}")
            time.sleep(0.2)


def show_merge_sort(client: SFM2Client) -> None:
    started = time.perf_counter()
    stream = client.generate_stream(PROMPT, max_length=300, temperature=0, language="python")
    with stream:
        show(PROMPT, (chunk.text for chunk in stream))
    assert stream.result is not None
    report(stream.result, time.perf_counter() - started)


def show(prompt: str, pieces: Iterable[str]) -> None:
    """Show code as it comes, each line in colour once it is complete."""
    with closing(CodeView(terminal.write, "python", terminal.in_colour())) as view:
        view.feed(prompt)
        for piece in pieces:
            view.feed(piece)


def report(result: Completion, seconds: float) -> None:
    names: dict[str, Any] = {}
    exec(result.generated_code, names)  # noqa: S102 what was just shown, to see that it sorts
    outcome = names["merge_sort"](list(SAMPLE))
    verdict = "it sorts" if outcome == sorted(SAMPLE) else "it does NOT sort"
    click.echo(
        f"\nmerge_sort({SAMPLE}) -> {outcome}: {verdict}\n"
        f"{result.tokens.completion} tokens in {seconds:.1f} s by {result.model_used}, confidence {result.confidence:.2f}"
    )
    if outcome != sorted(SAMPLE):
        sys.exit(1)


def wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("\nStopped.")


if __name__ == "__main__":
    main()
