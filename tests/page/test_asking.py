"""Alternatives, explanations, examples; what is asked for is stopped; no answer stands beside text it was not given for."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from sfm2.core import AsyncModelManager
from sfm2.generation import GenerationRequest
from sfm2.server.app import create_app
from sfm2.testing import FunctionBackend, Step
from tests.conftest import Running
from tests.page.conftest import Opened
from tests.page.desk import Desk, paste
from tests.page.test_examples import EXAMPLES
from tests.server.live import live, settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
def choosing(opened: Opened, tmp_path: Path) -> Iterator[Desk]:
    """A page whose server continues `x = ` with another number each time: 1, 2, 2, 3, 4, ..."""
    numbers = itertools.chain([1, 2, 2], itertools.count(3))

    def answer(request: GenerationRequest) -> list[Step]:
        return [str(next(numbers))]

    settings = settings_for(tmp_path)
    with live(create_app(settings, AsyncModelManager(settings, [FunctionBackend("counting", answer)]))) as client:
        yield opened(str(client.base_url))


def test_others_are_gone_through_and_any_of_them_is_taken(choosing: Desk) -> None:
    desk, which = choosing, choosing.page.locator("#which")
    desk.type("x = ")
    desk.expect_ghost("1")
    assert "n" not in desk.sent()
    desk.press("Alt+]")
    expect(which).to_have_text("2 of 3")  # 1, then 2 and 3: of the two that are alike there is one
    assert (desk.sent()["n"], desk.sent()["temperature"]) == (3, 0.7)
    desk.expect_ghost("2")
    desk.press("Alt+]")
    desk.expect_ghost("3")
    desk.press("Alt+]")
    desk.expect_ghost("1")
    desk.press("Alt+[")
    expect(which).to_have_text("3 of 3")
    desk.press("Tab")
    assert desk.text() == "x = 3"
    expect(which).to_be_empty()
    assert len(desk.asked) == 2


def test_one_that_was_picked_is_typed_along(choosing: Desk) -> None:
    choosing.type("x = ")
    choosing.expect_ghost("1")
    choosing.page.get_by_role("button", name="Another").click()
    choosing.expect_ghost("2")
    choosing.page.get_by_label("Alternatives").fill("2")
    choosing.code.focus()
    choosing.press("Backspace")
    expect(choosing.page.locator("#which")).to_be_empty()


def test_code_is_explained_as_it_comes_and_marked_when_it_is_another(desk: Desk) -> None:
    panel, text = desk.page.locator("#explanation"), desk.page.locator("#explanation-text")
    expect(panel).to_be_hidden()
    desk.type("# echo-slow:it adds two numbers together\n")
    desk.page.get_by_role("button", name="Explain").click()
    expect(text).to_contain_text("it adds")
    assert "together" not in (text.text_content() or "")  # the rest is still being written
    expect(text).to_have_text("it adds two numbers together")
    expect(panel).to_contain_text("Of all of the code.")
    expect(panel).not_to_have_class(re.compile("stale"))
    desk.type("y = 2")
    expect(panel).to_have_class(re.compile("stale"))
    expect(panel).to_contain_text("changed since")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


def test_a_selection_is_explained_alone(desk: Desk) -> None:
    desk.type("x = 1\n# echo:short\ny = 2")
    desk.press("ArrowUp", "Home", "Shift+End")
    with desk.page.expect_request("**/explain/stream") as asked:
        desk.page.get_by_role("button", name="Explain").click()
    assert json.loads(asked.value.post_data or "")["code"] == "# echo:short"
    expect(desk.page.locator("#explained")).to_have_text("Of line 2.")


def test_what_runs_can_be_stopped(desk: Desk) -> None:
    stop = desk.page.get_by_role("button", name="Stop")
    expect(stop).to_be_hidden()
    desk.type("# echo-slow:a b c d e f g h i j k l")
    with desk.page.expect_event("requestfailed"):
        stop.click()
    expect(stop).to_be_hidden()
    expect(desk.ghost).to_have_count(0)


def test_no_answer_stands_beside_text_that_it_was_not_given_for(desk: Desk) -> None:
    confidence = desk.page.get_by_role("meter", name="Confidence")
    desk.type("x = 1  # echo:return n")
    desk.expect_ghost("return n")
    expect(confidence).to_be_visible()
    desk.type("re")  # along it: it still holds
    expect(confidence).to_be_visible()
    desk.page.get_by_label("Suggest while typing").uncheck()
    desk.code.focus()
    desk.press("Control+Space")
    desk.press("Tab")
    expect(confidence).to_be_visible()  # of what was just taken
    desk.type("!")
    expect(confidence).to_have_count(0)
    expect(desk.page.locator("#no-answer")).to_contain_text("for the text as it is now")
    desk.press("Backspace", "Control+Space")
    expect(desk.ghost).to_be_visible()
    desk.press("ArrowLeft")  # the place is another one, the text is not
    desk.press("Control+a", "Delete")
    expect(confidence).to_have_count(0)
    expect(desk.page.locator("#no-answer")).to_have_text("Nothing was suggested yet.")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["label"])
def test_an_example_puts_the_cursor_into_its_hole(desk: Desk, example: dict[str, str]) -> None:
    with desk.page.expect_request("**/complete/stream"):
        desk.page.get_by_role("button", name=example["label"], exact=True).click()
    sent = desk.sent()
    assert {name: sent[name] for name in ("prefix", "suffix", "language", "temperature")} == {
        "prefix": example["prefix"],
        "suffix": example["suffix"],
        "language": example["language"],
        "temperature": 0,
    }


def test_examples_stay_within_reach_and_give_back_what_they_replaced(desk: Desk) -> None:
    back = desk.page.get_by_role("button", name="Bring my text back")
    example = desk.page.get_by_role("button", name="Stack", exact=True)
    desk.type("my = 'own code'  # echo:x")
    desk.expect_ghost("x")
    example.click()
    expect(back).to_be_visible()
    back.click()
    assert desk.text() == "my = 'own code'  # echo:x"
    expect(back).to_be_hidden()
    example.click()
    desk.page.get_by_role("button", name="totals", exact=True).click()
    expect(back).to_be_hidden()  # nothing of the user's was there


def test_the_language_of_an_example_is_forgotten_with_it(desk: Desk) -> None:
    shown = desk.page.get_by_label("Language").locator("option:checked")
    desk.page.get_by_role("button", name="totals", exact=True).click()
    expect(shown).to_have_text("SQL")
    desk.code.focus()
    desk.press("Control+a")
    paste(desk, "def mean(numbers):\n    return sum(numbers) / len(numbers)\n")
    expect(shown).to_have_text("Python, detected")


def test_the_model_that_is_chosen_is_asked(desk: Desk) -> None:
    model = desk.page.get_by_label("Model")
    expect(model.locator("option")).to_have_text(["Automatic", "echo"])
    model.select_option("echo")
    desk.type("# echo:x")
    desk.expect_ghost("x")
    assert desk.sent()["model"] == "echo"


@pytest.mark.parametrize("height", [800, 600])
def test_the_settings_stay_in_view(opened: Opened, echoing: Running, height: int) -> None:
    desk = opened(echoing.url, viewport={"width": 1280, "height": height})
    temperature = desk.page.get_by_label("Temperature")
    before = temperature.bounding_box()
    desk.type("x = 1\n" * 80 + "# echo:x")
    desk.expect_ghost("x")
    desk.page.get_by_role("button", name="Explain").click()
    expect(desk.page.locator("#explanation")).to_be_visible()
    assert temperature.bounding_box() == before
    expect(temperature).to_be_in_viewport()
