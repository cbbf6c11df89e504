"""What a test does with the page, and sees of it."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect


class Desk:
    """`asked` are the requests for completions so far; `failed` those of them that were taken back or not answered."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[Request] = []
        self.failed: list[Request] = []
        page.on("request", lambda request: self._note(request, self.asked))
        page.on("requestfailed", lambda request: self._note(request, self.failed))

    def _note(self, request: Request, to: list[Request]) -> None:
        if request.url.endswith(("/complete", "/complete/stream")):
            to.append(request)

    @property
    def code(self) -> Locator:
        return self.page.get_by_role("textbox", name="Code")

    @property
    def ghost(self) -> Locator:
        return self.page.locator(".cm-ghost")

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")

    def type(self, text: str) -> None:
        """Where the cursor is, or at the end of what is there."""
        if not self.code.evaluate("element => element.getRootNode().activeElement === element"):
            self.code.focus()
            self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def sent(self) -> dict[str, Any]:
        """The body of the last request for a completion."""
        body: dict[str, Any] = json.loads(self.asked[-1].post_data or "")
        return body

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self) -> str:
        """What is written; ghost text is not."""
        found: str = self.code.evaluate(
            """element => [...element.querySelectorAll('.cm-line')].map(line => {
                const copy = line.cloneNode(true);
                copy.querySelectorAll('.cm-ghost, .cm-placeholder').forEach(one => one.remove());
                return copy.textContent;
            }).join('\\n')"""
        )
        return found

    def expect_ghost(self, text: str) -> None:
        expect(self.ghost).to_have_text(text, use_inner_text=False)

    def fact(self, name: str) -> Locator:
        """What the answer's list says under `name`."""
        return self.page.locator("#facts dt", has_text=re.compile(f"^{name}$")).locator("+ dd")

    def go(self, page: str) -> None:
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=page).click()


def paste(desk: Desk, text: str) -> None:
    """As with Ctrl+V, where the cursor is."""
    desk.code.evaluate(
        """(element, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )
