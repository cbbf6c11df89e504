"""`python -m tests.page.screenshots FOLDER`: the pictures of the page in the documentation, on the default weights."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
MODEL = '''"""What a shop sells, and who buys it."""

from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    cents: int


@dataclass
class Cart:
    lines: list[Item] = field(default_factory=list)

    def append_line(self, item: Item) -> None:
        self.lines.append(item)

    def total_cents(self) -> int:
        return sum(item.cents for item in self.lines)
'''
CHECKOUT = '''"""What happens at the till."""

from shop.model import Cart, Item

VAT = 0.19


def gross(cart: Cart) -> int:
    """What the cart costs with VAT, in cents."""
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


def take_sources(browser: Browser, url: str, folder: Path) -> None:
    """What was shown to the model of a repository that the server knows."""
    desk = at(browser, url, color_scheme="light", viewport={"width": 1280, "height": 880})
    desk.code.focus()
    desk.page.keyboard.insert_text(CHECKOUT)
    desk.press("Control+End")
    desk.type("    return ")
    expect(desk.ghost).to_be_visible(timeout=PATIENCE)
    expect(desk.page.get_by_text("shop/model.py").first).to_be_visible(timeout=PATIENCE)
    desk.page.screenshot(path=folder / "page-sources.png")


@contextmanager
def a_shop(folder: Path) -> Iterator[None]:
    """A repository that has an index meanwhile."""
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "model.py").write_text(MODEL, encoding="utf-8")
    (folder / "shop" / "checkout.py").write_text(CHECKOUT + "    ...\n", encoding="utf-8")
    index = [sys.executable, "-m", "sfm2", "index"]
    subprocess.run([*index, "add", folder], check=True)
    try:
        yield
    finally:
        subprocess.run([*index, "rm", folder], check=True)


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        running = start_server(Path(data), SFM2_GENERATION_TIMEOUT="300", SFM2_REPOSITORY_ENABLED="true")
        try:
            running.until_ready()
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            with a_shop(Path(data) / "shop"):
                take_sources(browser, running.url, folder)
            take(browser, running.url, folder)
            browser.close()
        finally:
            end(running)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
