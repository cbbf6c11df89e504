"""`python -m tests.page.screenshots FOLDER`: the pictures of the page in the documentation, on the default weights."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import end, start_server
from tests.page.chromium import chromium
from tests.page.desk import Desk

PATIENCE = 240_000  # ms
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 375, "height": 812}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
WRITTEN = '''def mean(numbers: list[float]) -> float:
    """The arithmetic mean; 0 of an empty list."""
    return sum(numbers) / len(numbers) if numbers else 0


def is_prime(n: int) -> bool:
'''


def at(browser: Browser, url: str, **options: Any) -> Desk:
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(PATIENCE)
    desk = Desk(page)
    page.goto(url)
    page.wait_for_selector(".health .dot")
    return desk


def write(desk: Desk) -> None:
    desk.code.focus()
    desk.page.keyboard.insert_text(WRITTEN)
    desk.press("Control+End")
    desk.type("    ")
    expect(desk.ghost).to_be_visible(timeout=PATIENCE)


def take(browser: Browser, url: str, folder: Path) -> None:
    for theme in ("light", "dark"):
        desk = at(browser, url, color_scheme=theme, **DESKTOP)
        write(desk)
        desk.page.screenshot(path=folder / f"page-{theme}.png")
    desk.press("Tab")
    desk.go("Dashboard")
    for _ in range(3):
        desk.go("Write")
        desk.type("\n\n\n# A stack of numbers\nclass Stack:\n")
        expect(desk.ghost).to_be_visible(timeout=PATIENCE)
        desk.press("Tab")
        desk.go("Dashboard")
        desk.page.wait_for_timeout(5500)
    desk.page.screenshot(path=folder / "page-dashboard.png")
    desk = at(browser, f"{url}/#connect", color_scheme="light", **DESKTOP)
    desk.page.screenshot(path=folder / "page-connect.png")
    desk = at(browser, url, color_scheme="light", **PHONE)
    write(desk)
    desk.page.screenshot(path=folder / "page-phone.png")


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        running = start_server(Path(data), SFM2_GENERATION_TIMEOUT="300")
        try:
            running.until_ready()
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            take(browser, running.url, folder)
            browser.close()
        finally:
            end(running)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
