"""How soon the first line is shown: from the moment the guard has it until an SDK, `sfm2 lsp`, the editors' core, the page
or VS Code has it on show, while the model still writes.

    python benchmarks/ghost_text.py                     # sdk, lsp, core, page
    python benchmarks/ghost_text.py --times 30 vscode   # wants editors/vscode/test/install-code-server.sh, and the .vsix

The real server in this process, with a model that writes a first line which the guard lets go at once, and the next one two
seconds later. Each measurement has a text of its own, so that no cache knows it. Both sides read the same machine's clock.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sfm2 import SFM2Client
from sfm2.config import Settings
from sfm2.generation import GenerationRequest
from sfm2.testing import FunctionBackend, Step, serve

ROOT = Path(__file__).parents[1]
GOAL = 60.0  # milliseconds
FIRST, SECOND = "y = x + 1", "    return y"
BETWEEN = 2.0  # seconds from the first line to the second
TYPING = 0.3  # seconds that a page or an editor needs to be ready for the next measurement
VSCODE = ROOT / "editors" / "vscode"
console = Console()


class Writer:
    """A model that notes when it has handed over its first line, in seconds of the wall clock."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.backend = FunctionBackend("sfm2", self._steps)

    def _steps(self, request: GenerationRequest) -> list[Step]:
        half = len(FIRST) // 2

        async def note() -> None:
            self.at.append(time.time())

        return [0.02, FIRST[:half], 0.02, note, FIRST[half:] + "\n", BETWEEN, SECOND]


def place(number: int) -> tuple[str, str]:
    """What stands before and after the cursor."""
    return f"def f{number}(x):\n    ", f"\n\n\nprint(f{number}(1))\n"


def by_sdk(url: str, times: int) -> Iterator[float]:
    """When the first chunk of `complete_stream` is there."""
    with SFM2Client(url) as client:
        for number in range(times):
            before, after = place(number)
            with client.complete_stream(before, after, path="a.py") as stream:
                assert next(iter(stream)).text == FIRST
                yield time.time()


def by_lsp(url: str, times: int) -> Iterator[float]:
    """When a language client has the answer to its request for ghost text."""
    from tests.lsp.editor import AUTOMATIC, editing, end_of

    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SFM2_API_URL": url}
        with editing(environment, Path(folder) / "lsp.log") as editor:
            editor.initialize({"debounce": 0})
            for number in range(times):
                before, after = place(number)
                editor.open(before + after, f"file:///home/me/{number}.py", "python")
                item = editor.ghost(end_of(before), AUTOMATIC)
                assert item is not None
                assert item.insert_text == FIRST
                yield time.time()


def by_core(url: str, times: int) -> Iterator[float]:
    """When `suggest` of editors/core, in Node, gives the suggestion."""
    yield from _told(["node", str(ROOT / "benchmarks" / "ghost_text.mjs"), url, str(times)], ROOT)


def by_vscode(url: str, times: int) -> Iterator[float]:
    """When the packaged extension's ghost text is in VS Code's window, in the frame that draws it."""
    yield from _told(["node", "--import", "tsx", "test/editor/ghostText.ts", url, str(times)], VSCODE)


def by_page(url: str, times: int) -> Iterator[float]:
    """When ghost text is in the page's editor, in the frame that draws it."""
    from playwright.sync_api import sync_playwright
    from tests.page.chromium import chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector(".health .dot")
        code = page.get_by_role("textbox", name="Code")
        code.focus()
        page.evaluate(_WATCH)
        for number in range(times):
            before, _ = place(number)
            page.keyboard.press("Control+A")
            page.keyboard.type(before.rstrip("\n "))
            page.keyboard.press("Enter")
            page.wait_for_function("shown.length > 0")
            yield page.evaluate("shown.shift() / 1000")
            page.keyboard.press("Escape")
            time.sleep(TYPING)
        browser.close()


# Where there is new ghost text, the time of the frame that draws it.
_WATCH = """() => {
    globalThis.shown = [];
    let there = false;
    const look = () => {
        const ghost = document.querySelector("#editor").shadowRoot.querySelector(".cm-ghost");
        if (ghost && !there) requestAnimationFrame(() => shown.push(performance.timeOrigin + performance.now()));
        there = ghost !== null;
    };
    new MutationObserver(look).observe(document.querySelector("#editor").shadowRoot, {childList: true, subtree: true});
}"""

ARMS: dict[str, Callable[[str, int], Iterator[float]]] = {
    "sdk": by_sdk,
    "lsp": by_lsp,
    "core": by_core,
    "page": by_page,
    "vscode": by_vscode,
}


def _told(command: list[str], folder: Path) -> Iterator[float]:
    """The times that a program prints, in seconds: a line with milliseconds for each."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line) / 1000
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")


@contextmanager
def serving(writer: Writer) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate({"storage": {"data_dir": folder}})
        with serve(settings, [writer.backend]) as server:
            yield server.url


def measured(arm: str, times: int) -> list[float]:
    """Milliseconds from the guard to the reader, for each time but the first, which loads code."""
    writer = Writer()
    with serving(writer) as url:
        found = [(shown - writer.at[number]) * 1000 for number, shown in enumerate(ARMS[arm](url, times + 1))]
    assert len(found) == len(writer.at), "a request for each"
    return found[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("arms", nargs="*", choices=[*ARMS, []], default=[])
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    table = Table(
        "shown by", "median", "90 %", "most", title=f"milliseconds after the guard had it; the goal is {GOAL:g}"
    )
    for arm in options.arms or ["sdk", "lsp", "core", "page"]:
        found = sorted(measured(arm, options.times))
        at = found[min(len(found) - 1, int(0.9 * len(found)))]
        table.add_row(arm, *(f"{value:.1f}" for value in (statistics.median(found), at, found[-1])))
    console.print(table)
    if threading.active_count() > 1:
        os._exit(0)  # what a browser left running


if __name__ == "__main__":
    main()
