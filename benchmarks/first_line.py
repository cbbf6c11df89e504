"""`python -m benchmarks.first_line`: how long after the guard let it go the page shows the first line of ghost text.

A scripted backend stands in for the model: what is measured is the way from the service to the screen, not the writing. The
line counts as shown in the first animation frame after it is in the document.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright
from tests.page.chromium import chromium
from tests.page.desk import Desk
from tests.server.live import settings_for

from sfm2.completer import ANYBODY, Asker
from sfm2.core import AsyncModelManager
from sfm2.generation import GenerationRequest
from sfm2.server.app import create_app
from sfm2.testing import FunctionBackend, Step, serve
from sfm2.types import Chunk

TIMES = 40
WATCH = """() => {
    const root = document.getElementById('editor').shadowRoot;
    window.shown = [];
    const seen = () => window.shown.push(performance.timeOrigin + performance.now());
    let there = false;
    new MutationObserver(() => {
        const now = root.querySelector('.cm-ghost') !== null;
        if (now && !there) requestAnimationFrame(seen);
        there = now;
    }).observe(root, {childList: true, subtree: true});
}"""


class Clocked(AsyncModelManager):
    """Notes when the first chunk of each stream leaves it, in milliseconds since the epoch."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.let_go: list[float] = []

    async def stream(self, request: Any, asker: Asker = ANYBODY) -> AsyncGenerator[Any, None]:
        first = True
        async for item in super().stream(request, asker):
            if first and isinstance(item, Chunk):
                self.let_go.append(time.time() * 1000)
                first = False
            yield item


def answer(request: GenerationRequest) -> Iterator[Step]:
    """Two lines at once, and a third after a while, so that the first is shown before the whole is there."""
    yield from ("a = 1\n", "b = 2\n", 0.3, "c = 3\n")


def measure(page: Page, manager: Clocked) -> list[float]:
    desk = Desk(page)
    page.get_by_label("Language").select_option("Python")
    page.evaluate(WATCH)
    desk.code.focus()
    for i in range(TIMES):
        page.keyboard.insert_text(f"x{i} = {i}\n")
        expect(desk.ghost).to_contain_text("c = 3")
        desk.press("Escape")
    shown: list[float] = page.evaluate("window.shown")
    assert len(shown) == len(manager.let_go) == TIMES
    return [seen - left for seen, left in zip(shown, manager.let_go, strict=True)]


def main() -> None:
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        settings = settings_for(Path(data))
        manager = Clocked(settings, [FunctionBackend("scripted", answer)])
        with serve(create_app(settings, manager)) as server:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(server.url)
            page.wait_for_selector(".health .dot")
            times = sorted(measure(page, manager))
            browser.close()
    half, ninety = statistics.median(times), times[int(0.9 * len(times))]
    print(
        f"{len(times)} first lines: half within {half:.0f} ms, 90 % within {ninety:.0f} ms, the slowest {times[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
