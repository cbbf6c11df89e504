"""`python -m tests.page.picture FILE.gif`: ghost text on the page, on the default weights, as a moving picture.

Every picture is a screenshot of what the model wrote then. Only the time is made up: typing has an even pace, and what a
reader would wait for is left out.
"""

from __future__ import annotations

import io
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.conftest import end, start_server
from tests.page.chromium import chromium
from tests.page.desk import Desk
from tests.page.screenshots import PATIENCE, at

VIEW = {"viewport": {"width": 1060, "height": 640}}
TYPED = (
    "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n        ",
    "\n\n    def pop(self):\n        ",
    "\n\n    def is_empty(self):\n        ",
)
KEYS_A_FRAME = 3
COLOURS = 48
KEY, LINE, READ, TAKEN = 70, 250, 2200, 900  # milliseconds that a frame stays


@dataclass
class Film:
    """Frames of the editor, each with the milliseconds that it stays."""

    desk: Desk
    frames: list[Image.Image] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def take(self, time: int) -> None:
        shot = self.desk.page.locator(".sheet").screenshot(animations="disabled", caret="initial")
        self.frames.append(Image.open(io.BytesIO(shot)).convert("RGB"))
        self.times.append(time)

    def save(self, file: Path) -> None:
        """One palette for all frames, of the one that shows most."""
        richest = max(self.frames, key=lambda frame: len(frame.getcolors(1 << 20) or ()))
        palette = richest.quantize(COLOURS, Image.Quantize.MAXCOVERAGE)  # white stays white
        first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        first.save(file, save_all=True, append_images=others, duration=self.times, loop=0, optimize=True)


def record(desk: Desk) -> Film:
    film = Film(desk)
    desk.page.uncheck("#automatic")  # a screenshot takes longer than a pause in typing: it would ask after each
    desk.code.focus()
    for text in TYPED:
        for start in range(0, len(text), KEYS_A_FRAME):
            desk.page.keyboard.insert_text(text[start : start + KEYS_A_FRAME])
            film.take(KEY)
        desk.press("Control+Space")
        watch(film)
        desk.press("Tab")
        film.take(TAKEN)
    film.times[-1] = READ
    return film


def watch(film: Film) -> None:
    """A frame for each line of a suggestion, as it comes."""
    desk = film.desk
    shown = ""
    while desk.page.locator("#stop").is_visible():
        text = desk.ghost.all_text_contents()[-1:]
        if text and text != [shown]:
            shown = text[0]
            film.take(LINE)
        desk.page.wait_for_timeout(50)
    expect(desk.ghost).to_be_visible(timeout=PATIENCE)
    film.take(READ)


def main(file: Path) -> None:
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        running = start_server(Path(data), SFM2_GENERATION_TIMEOUT="300")
        try:
            running.until_ready()
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            record(at(browser, running.url, color_scheme="light", **VIEW)).save(file)
            browser.close()
        finally:
            end(running)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
