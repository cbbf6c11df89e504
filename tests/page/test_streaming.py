"""Ghost text is shown as it comes, and can be used before the rest is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from sfm2.core import AsyncModelManager
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.server.app import create_app
from sfm2.testing import FunctionBackend, Step
from tests.page.conftest import Opened
from tests.page.desk import Desk
from tests.server.live import live, settings_for

pytestmark = pytest.mark.slow

WRITTEN = "def total(a, b):\n    "
FIRST, REST = "c = a + b\n    d = c\n", "    return d\n"


class Slow:
    """A page whose server writes two lines and then waits for `go` before the third."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.backend = FunctionBackend("slow", self._answer)

    def _answer(self, request: GenerationRequest) -> Iterator[Step]:
        if not request.prefix.endswith(WRITTEN):
            yield "pass"
            return
        yield from (FIRST, "    ")
        while not self.go.is_set():
            yield 0.05
        yield REST.strip(" ")


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def desk(opened: Opened, tmp_path: Path, slow: Slow) -> Iterator[Desk]:
    settings = settings_for(tmp_path)
    with live(create_app(settings, AsyncModelManager(settings, [slow.backend]))) as client:
        desk = opened(str(client.base_url))
        desk.page.get_by_label("Language").select_option("Python")
        desk.code.focus()
        desk.page.keyboard.insert_text(WRITTEN)
        expect(desk.ghost).to_contain_text("c = a + b")
        yield desk
        slow.go.set()


def test_lines_are_shown_before_the_rest_is_there(desk: Desk, slow: Slow) -> None:
    expect(desk.page.locator("#state")).to_have_text("Asking")
    expect(desk.page.locator("#no-answer")).to_have_text("It is still being written.")
    assert "return" not in (desk.ghost.text_content() or "")
    slow.go.set()
    expect(desk.ghost).to_contain_text("return d")
    expect(desk.fact("Tokens")).to_be_visible()
    expect(desk.page.locator("#announcement")).to_contain_text("return d")
    assert len(desk.asked) == 1


def test_what_is_there_can_be_accepted_and_the_rest_follows(desk: Desk, slow: Slow) -> None:
    shown = desk.ghost.text_content() or ""
    desk.press("Tab")
    assert desk.text() == WRITTEN + shown
    slow.go.set()
    expect(desk.ghost).to_contain_text("return d")
    desk.press("Tab")
    assert desk.text().rstrip() == (WRITTEN + FIRST + REST).rstrip()
    assert (len(desk.asked), desk.failed) == (1, [])


def test_typing_what_is_being_written_keeps_the_request(desk: Desk, slow: Slow) -> None:
    desk.type("c = ")
    desk.expect_ghost((FIRST.removeprefix("c = ")).rstrip("\n"))
    slow.go.set()
    expect(desk.ghost).to_contain_text("return d")
    assert (len(desk.asked), desk.failed) == (1, [])


def test_typing_something_else_takes_the_request_back(desk: Desk, slow: Slow) -> None:
    with desk.page.expect_event("requestfailed"):
        desk.type("x")
    slow.go.set()
    desk.expect_ghost("pass")
    assert slow.backend.closed >= 1


def test_a_dismissal_ends_it(desk: Desk, slow: Slow) -> None:
    with desk.page.expect_event("requestfailed"):
        desk.press("Escape")
    slow.go.set()
    desk.page.wait_for_timeout(500)
    expect(desk.ghost).to_have_count(0)
    expect(desk.page.get_by_role("button", name="Complete")).to_be_visible()


def test_what_became_of_a_part_is_reported_once_it_is_whole(desk: Desk, slow: Slow) -> None:
    desk.press("Tab")
    with desk.page.expect_response("**/feedback") as told:
        slow.go.set()
    assert told.value.status == 204
    base = desk.page.url
    assert httpx.get(f"{base}stats").json()["feedback"] == {"accepted": 1, "edited": 0, "rejected": 0}


def test_a_completion_that_its_length_cut_goes_on_after_it_is_accepted(opened: Opened, tmp_path: Path) -> None:
    def answer(request: GenerationRequest) -> Iterator[Step]:
        if request.prefix.endswith("= "):
            yield TokenChunk("[1, 2, 3,", (-0.1,), tokens=1, token_texts=("[1, 2, 3,",))
            yield TokenChunk("", finish_reason="length")
        else:
            yield " 4]"

    settings = settings_for(tmp_path)
    with live(create_app(settings, AsyncModelManager(settings, [FunctionBackend("short", answer)]))) as client:
        desk = opened(str(client.base_url))
        desk.page.get_by_label("Guard").uncheck()
        desk.type("x = ")
        desk.expect_ghost("[1, 2, 3,")
        desk.press("Tab")
        desk.expect_ghost(" 4]")
