"""How it looks and who can use it: themes, a phone, the keyboard alone, axe; the dashboard and what to connect."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.conftest import Running
from tests.page.conftest import Opened
from tests.page.desk import Desk

pytestmark = pytest.mark.slow

PAGES = ["Write", "Dashboard", "Connect"]
PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}


def violations(desk: Desk, axe: str) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA and its own best practices, a line each."""
    desk.page.evaluate(axe)
    found: list[dict[str, Any]] = desk.page.evaluate("axe.run().then(result => result.violations)")
    return [f"{one['id']}: {json.dumps([node['html'] for node in one['nodes']])}" for one in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(opened: Opened, echoing: Running, axe: str, theme: str, size: dict[str, Any]) -> None:
    desk = opened(echoing.url, color_scheme=theme, **size)
    assert violations(desk, axe) == []
    desk.type("def f(n: int):  # echo:return n + 12")
    expect(desk.ghost).to_be_visible()
    assert violations(desk, axe) == []
    desk.press("Tab")
    desk.type("\n# echo:'more'")
    expect(desk.ghost).to_be_visible()
    desk.go("Dashboard")
    expect(desk.page.get_by_text("Time to answer").first).to_be_visible()
    assert violations(desk, axe) == []
    desk.go("Connect")
    expect(desk.page.get_by_role("heading", name="Neovim")).to_be_visible()
    assert violations(desk, axe) == []
    desk.page.get_by_role("button", name="Key", exact=True).click()
    assert violations(desk, axe) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_tints_and_notices(opened: Opened, echoing: Running, axe: str, theme: str) -> None:
    desk = opened(echoing.url, color_scheme=theme)
    desk.type("# echo:one two three four")
    expect(desk.ghost).to_be_visible()
    # The colours on each other, whatever the backend is sure of.
    desk.ghost.evaluate("ghost => ghost.removeAttribute('aria-hidden')")
    parts = "ghost => [...ghost.children].forEach((part, i) => { part.className = `cm-doubt-${i}`; })"
    desk.ghost.evaluate(parts)
    assert violations(desk, axe) == []
    desk.page.route("**/complete/stream", lambda route: route.abort())
    desk.type("!")
    expect(desk.notice).to_contain_text("does not answer")
    assert violations(desk, axe) == []


def test_the_theme_is_the_systems_until_one_is_chosen(opened: Opened, echoing: Running) -> None:
    desk = opened(echoing.url, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = desk.page.evaluate(ground)
    desk.page.get_by_role("button", name="Light theme").click()
    light = desk.page.evaluate(ground)
    assert light != dark
    desk.page.reload()
    assert desk.page.evaluate(ground) == light
    desk.page.get_by_role("button", name="Dark theme").click()
    assert desk.page.evaluate(ground) == dark
    desk.page.emulate_media(color_scheme="light")  # what the system has is followed again
    assert desk.page.evaluate(ground) == light


def test_a_phone_never_scrolls_sideways_and_needs_no_tab_key(opened: Opened, echoing: Running) -> None:
    desk = opened(echoing.url, **PHONE)
    for page in PAGES:
        desk.go(page)
        desk.page.wait_for_timeout(300)
        assert desk.page.evaluate("document.documentElement.scrollWidth") == 375
    desk.go("Write")
    desk.code.tap()
    desk.type("# echo:" + "a_long_word_without_end" * 5)
    expect(desk.ghost).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 375
    desk.page.get_by_role("button", name="Accept").tap()
    expect(desk.ghost).to_have_count(0)
    assert desk.text().endswith("a_long_word_without_end" * 5)


def test_all_of_it_works_by_keyboard(desk: Desk) -> None:
    page = desk.page
    focused = "() => document.activeElement.textContent || document.activeElement.id"
    desk.press("Tab")
    assert page.evaluate(focused) == "Skip to content"
    desk.press("Enter", "Tab")
    expect(page.get_by_label("Language")).to_be_focused()
    page.keyboard.type("Ru")
    expect(page.get_by_label("Language")).to_have_value("rust")
    page.get_by_role("button", name="totals").focus()
    desk.press("Tab")
    expect(desk.code).to_be_focused()
    page.keyboard.type("# echo:one")
    desk.expect_ghost("one")
    desk.press("Tab")  # takes it
    desk.press("Tab")  # indents
    assert desk.text() == "# echo:oneone    "
    desk.press("Escape", "Tab")  # leaves the editor
    expect(desk.code).not_to_be_focused()
    expect(page.get_by_role("button", name="Explain")).to_be_focused()
    desk.press("Tab")
    expect(page.get_by_role("button", name="Complete")).to_be_focused()
    page.get_by_role("link", name="Dashboard").focus()
    desk.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.get_by_role("button", name="Key", exact=True).focus()
    desk.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    desk.press("Escape")
    expect(page.get_by_role("button", name="Key", exact=True)).to_be_focused()


def test_a_suggestion_is_told_to_screen_readers_once(desk: Desk) -> None:
    told = desk.page.locator("#announcement")
    desk.type("# echo:return n")
    expect(told).to_have_text("Suggestion: return n")
    desk.type("ret")
    desk.expect_ghost("urn n")
    expect(told).to_have_text("Suggestion: return n")


def test_the_dashboard_counts_what_this_page_did(desk: Desk) -> None:
    desk.type("# echo:one two")
    desk.expect_ghost("one two")
    desk.press("Tab")
    desk.go("Dashboard")
    tile = desk.page.locator(".tile")
    expect(tile.filter(has_text="Health")).to_contain_text("healthy")
    expect(tile.filter(has_text="Health")).to_contain_text("available")
    expect(tile.filter(has_text="Time to answer")).to_contain_text("this page: 1 since it was loaded")
    row = desk.page.get_by_role("row", name="in the server")
    expect(row.get_by_role("cell")).to_have_text([re.compile(r"\d+ ms|\d\.\d+ s")] * 3)
    expect(tile.filter(has_text="Acceptance")).to_contain_text("this page: 1 accepted, 0 dismissed")
    chart = desk.page.get_by_role("img", name="Tokens a second")
    expect(chart).to_be_visible()
    expect(chart).to_have_attribute("aria-label", re.compile(r"now \d"))


def test_a_dashboard_that_is_not_looked_at_asks_nothing(desk: Desk) -> None:
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.go("Dashboard")
    expect(desk.page.locator(".figure").first).to_be_visible()
    desk.go("Write")
    desk.page.wait_for_timeout(500)
    asked.clear()
    desk.page.wait_for_timeout(6000)
    assert [url for url in asked if url.endswith("/stats")] == []


def test_every_recipe_has_this_servers_address_and_can_be_copied(opened: Opened, echoing: Running) -> None:
    desk = opened(f"{echoing.url}/#connect", permissions=["clipboard-read", "clipboard-write"])
    page = desk.page
    titles = page.locator(".recipe h2").all_text_contents()
    wanted = {"VS Code", "Neovim", "JetBrains", "Notebook", "JavaScript", "Python", "curl", "Any OpenAI client"}
    assert wanted <= set(titles)
    for recipe in page.locator(".recipe").all():
        assert echoing.url in recipe.inner_text()
    page.get_by_role("button", name="Copy for curl, terminal").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl {echoing.url}/generate")
    expect(page.get_by_role("button", name="Copy for curl, terminal")).to_have_text("Copied")
