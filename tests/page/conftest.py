"""The page in a real Chromium, on a real server that echoes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="pip install playwright")
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.conftest import Running, end, start_server
from tests.page.chromium import chromium
from tests.page.desk import Desk
from tests.server.conftest import serving, store_url

expect.set_options(timeout=30_000)  # what must happen does, also on a machine that is busy
Opened = Callable[..., Desk]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module and no longer: as long as it lasts, Playwright's event loop counts as running on this thread."""
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium: `apt-get install chromium`, or name one by SFM2_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def echoing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without keys and limits, for every test that does not harm it."""
    running = start_server(tmp_path_factory.mktemp("page"), SFM2_FALLBACK_CHAIN="echo")
    yield running
    end(running)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """`opened(url, color_scheme="dark")`: the page, in a browser that is new to it; its own errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(url: str, **options: Any) -> Desk:
        given: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}, **options}
        context = browser.new_context(**given)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda told: errors.append(told.text) if "Content Security" in told.text else None)
        page.set_default_timeout(30_000)
        desk = Desk(page)
        page.goto(url)
        page.wait_for_selector(".health .dot")
        return desk

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def desk(opened: Opened, echoing: Running) -> Desk:
    return opened(echoing.url)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    path = Path(__file__).parents[2] / "page" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not there: `npm ci` in page/")
    return path.read_text(encoding="utf-8")


__all__ = ["Opened", "serving", "store_url"]
