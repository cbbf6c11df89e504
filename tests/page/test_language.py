"""The language of the code: chosen, else told by the server of what is written or pasted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from sfm2.testing import until
from tests.page.desk import Desk, paste

pytestmark = pytest.mark.slow

JAVASCRIPT = """class Stack {
  constructor() {
    this.items = [];
  }
}

const stack = new Stack();
export default stack;
"""
GO = """package main

import "fmt"

func main() {
\tfmt.Println("hello")
}
"""


def shown(desk: Desk) -> Locator:
    return desk.page.get_by_label("Language").locator("option:checked")


@pytest.mark.parametrize(("code", "label"), [(JAVASCRIPT, "JavaScript"), (GO, "Go")])
def test_the_language_of_what_is_pasted_is_told_and_coloured(desk: Desk, code: str, label: str) -> None:
    expect(shown(desk)).to_have_text("Detect language")
    desk.code.focus()
    paste(desk, code)
    expect(shown(desk)).to_have_text(f"{label}, detected")
    colours = (
        "element => new Set([...element.querySelectorAll('.cm-line span')].map(s => getComputedStyle(s).color)).size"
    )
    until(lambda: desk.code.evaluate(colours) > 1, what="code in several colours")


def test_what_is_pasted_over_other_code_is_looked_at_again(desk: Desk) -> None:
    desk.code.focus()
    paste(desk, GO)
    expect(shown(desk)).to_have_text("Go, detected")
    desk.press("Control+a")
    paste(desk, JAVASCRIPT)
    expect(shown(desk)).to_have_text("JavaScript, detected")
    desk.press("Control+a", "Delete")
    expect(shown(desk)).to_have_text("Detect language")


def test_the_language_of_what_is_typed_is_told_after_a_pause(desk: Desk) -> None:
    desk.type("def mean(numbers):\n    ")
    expect(shown(desk)).to_have_text("Python, detected")
    assert "language" not in desk.sent()  # the server's own guess is distrusted where it refuses; a name is not


def test_a_language_that_is_chosen_stays(desk: Desk) -> None:
    desk.page.get_by_label("Language").select_option("TypeScript")
    desk.code.focus()
    paste(desk, GO)
    desk.type("// echo:x")
    desk.expect_ghost("x")
    assert desk.sent()["language"] == "typescript"
    expect(shown(desk)).to_have_text("TypeScript")
    desk.page.get_by_label("Language").select_option("")
    expect(shown(desk)).to_have_text("Go, detected")


def test_code_that_looks_like_nothing_has_no_language(desk: Desk) -> None:
    desk.type("lorem ipsum # echo:x")
    desk.expect_ghost("x")
    expect(shown(desk)).to_have_text("Detect language")
