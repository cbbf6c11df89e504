"""Ghost text: shown, accepted, typed along, dismissed, taken back."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from sfm2.backends.echo import Echo
from sfm2.core import AsyncModelManager
from sfm2.generation import GenerationRequest, TokenChunk
from sfm2.server.app import create_app
from tests.conftest import Running, end, start_server
from tests.page.conftest import Opened
from tests.page.desk import Desk, paste
from tests.server.live import live, settings_for

pytestmark = pytest.mark.slow

ASKING = "x = 1  # echo:return n"


def test_a_suggestion_is_shown_and_tab_takes_exactly_it(desk: Desk) -> None:
    desk.type(ASKING)
    desk.expect_ghost("return n")
    assert desk.text() == ASKING
    desk.press("Tab")
    expect(desk.ghost).to_have_count(0)
    assert desk.text() == ASKING + "return n"
    assert len(desk.asked) == 1


def test_typing_along_never_asks_again_nor_does_taking_back(desk: Desk) -> None:
    desk.type(ASKING)
    desk.expect_ghost("return n")
    for typed, left in [("r", "eturn n"), ("e", "turn n"), ("turn", " n")]:
        desk.type(typed)
        desk.expect_ghost(left)
    desk.press("Backspace", "Backspace")
    desk.expect_ghost("rn n")
    desk.press("Control+z")
    desk.page.wait_for_timeout(800)  # a question would have been asked by now
    assert len(desk.asked) == 1


def test_typing_something_else_asks_anew(desk: Desk) -> None:
    desk.type(ASKING)
    desk.expect_ghost("return n")
    desk.type("z")
    desk.expect_ghost("return nz")
    assert len(desk.asked) == 2


def test_words_are_taken_one_by_one(desk: Desk) -> None:
    desk.type("# echo:one two(three)")
    desk.expect_ghost("one two(three)")
    desk.press("Control+ArrowRight")
    desk.expect_ghost(" two(three)")
    desk.press("Alt+ArrowRight")
    desk.expect_ghost("(three)")
    desk.press("Control+ArrowRight", "Control+ArrowRight")
    desk.expect_ghost(")")
    assert desk.text() == "# echo:one two(three)one two(three"
    assert len(desk.asked) == 1


def test_a_dismissed_suggestion_stays_away_while_it_is_typed_along(desk: Desk) -> None:
    desk.type(ASKING)
    desk.expect_ghost("return n")
    desk.press("Escape")
    desk.type("ret")
    desk.page.wait_for_timeout(800)
    expect(desk.ghost).to_have_count(0)
    assert len(desk.asked) == 1
    desk.type("x")  # something else
    desk.expect_ghost("return nretx")


def test_a_closer_that_was_typed_is_part_of_the_suggestion(desk: Desk) -> None:
    desk.type("# echo:print(a)")
    desk.expect_ghost("print(a)")
    desk.type("print()")
    desk.press("ArrowLeft")
    desk.press("Control+Space")
    desk.expect_ghost("a")
    desk.press("Tab")
    assert desk.text() == "# echo:print(a)print(a)"


def test_escape_dismisses_until_it_is_asked_for(desk: Desk) -> None:
    desk.type(ASKING)
    desk.expect_ghost("return n")
    desk.press("Escape")
    expect(desk.ghost).to_have_count(0)
    desk.page.wait_for_timeout(800)
    expect(desk.ghost).to_have_count(0)
    desk.press("Control+Space")
    desk.expect_ghost("return n")
    assert len(desk.asked) == 1


def test_the_next_keystroke_takes_the_question_back(desk: Desk) -> None:
    desk.type("# echo-slow:a b c d e f g")
    expect(desk.page.locator("#state")).to_have_text("Asking")
    with desk.page.expect_event("requestfailed"):
        desk.type(" ")
    assert len(desk.failed) == 1
    expect(desk.ghost).to_be_visible()  # of the second question


def test_moving_away_hides_it_and_text_behind_the_cursor_is_sent(desk: Desk) -> None:
    desk.type("(\n)")
    desk.press("ArrowUp", "End")
    desk.type(" # echo:x")
    desk.expect_ghost("x")
    body = desk.sent()
    assert (body["prefix"], body["suffix"]) == ("( # echo:x", "\n)")
    desk.press("ArrowLeft")
    expect(desk.ghost).to_have_count(0)


def test_the_buttons_do_what_the_keys_do(desk: Desk) -> None:
    for name in ("Accept", "A word", "Dismiss"):
        expect(desk.page.get_by_role("button", name=name)).to_be_disabled()
    desk.type("# echo:one two three")
    desk.expect_ghost("one two three")
    desk.page.get_by_role("button", name="A word").click()
    desk.expect_ghost(" two three")
    desk.page.get_by_role("button", name="Dismiss").click()
    expect(desk.ghost).to_have_count(0)
    desk.page.get_by_role("button", name="Complete").click()
    desk.expect_ghost(" two three")
    desk.page.get_by_role("button", name="Accept").click()
    assert desk.text() == "# echo:one two threeone two three"
    assert len(desk.asked) == 1
    expect(desk.code).to_be_focused()


def test_the_controls_reach_the_server(desk: Desk) -> None:
    page = desk.page
    page.get_by_label("Language").select_option("TypeScript")
    page.get_by_label("Max tokens").fill("2")
    page.get_by_label("Max tokens").blur()
    page.get_by_label("Temperature").fill("0.7")
    page.get_by_label("Guard").uncheck()
    desk.type("// echo:one two three")
    desk.expect_ghost("one two")
    body = desk.sent()
    assert body == {
        "prefix": "// echo:one two three",
        "suffix": "",
        "language": "typescript",
        "max_length": 2,
        "temperature": 0.7,
        "guard": False,
        "logprobs": True,
    }
    expect(desk.fact("Guard")).to_contain_text("switched off")
    page.get_by_label("Max tokens").fill("50")
    page.get_by_label("Max tokens").blur()
    expect(desk.ghost).to_have_count(0)  # an answer to other settings is no answer


def test_without_suggestions_while_typing_one_is_asked_for(desk: Desk) -> None:
    desk.page.get_by_label("Suggest while typing").uncheck()
    desk.type(ASKING)
    desk.page.wait_for_timeout(800)
    assert desk.asked == []
    desk.press("Control+Space")
    desk.expect_ghost("return n")


def test_text_and_settings_survive_a_reload(desk: Desk) -> None:
    desk.page.get_by_label("Language").select_option("Go")
    desk.type("package main\n\n// echo:x")
    desk.page.reload()
    expect(desk.page.get_by_label("Language")).to_have_value("go")
    assert desk.text() == "package main\n\n// echo:x"


def test_who_answered_and_why_is_told(opened: Opened, tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9/v1"
    running = start_server(tmp_path, SFM2_FALLBACK_CHAIN="openai,echo", SFM2_MODELS_OPENAI_BASE_URL=nobody)
    try:
        desk = opened(running.url)
        desk.page.get_by_label("Language").select_option("Python")
        desk.type(ASKING)
        desk.expect_ghost("return n")
        expect(desk.fact("Answered by")).to_contain_text("echo")
        expect(desk.fact("Answered by")).to_contain_text("openai: ")
        expect(desk.fact("Guard")).to_contain_text("Kept all")
        expect(desk.fact("Tokens")).to_contain_text("2 written")
    finally:
        end(running)


def test_what_was_taken_and_what_was_not_is_told_to_the_server(opened: Opened, tmp_path: Path) -> None:
    running = start_server(tmp_path, SFM2_FALLBACK_CHAIN="echo")
    try:
        desk = opened(running.url)
        for text, key in [("# echo:a b", "Tab"), ("\n# echo:c", "Escape")]:
            desk.type(text)
            expect(desk.ghost).to_be_visible()
            with desk.page.expect_response("**/feedback") as told:
                desk.press(key)
            assert told.value.status == 204
        desk.page.get_by_label("Tell the server").uncheck()
        desk.type("\n# echo:d")
        expect(desk.ghost).to_be_visible()
        desk.press("Tab")
        desk.page.wait_for_timeout(300)
        told = httpx.get(f"{running.url}/stats").json()["feedback"]
        assert told == {"accepted": 1, "edited": 0, "rejected": 1}
    finally:
        end(running)


class Doubting(Echo):
    """Less sure of each word."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[TokenChunk, None]:
        logprob = 0.0
        async for chunk in super().stream(request):
            yield (
                chunk if not chunk.text else TokenChunk(chunk.text, (logprob,), tokens=1, token_texts=chunk.token_texts)
            )
            logprob -= 0.45


def test_tokens_are_tinted_by_their_probability_and_stay_so(opened: Opened, tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with live(create_app(settings, AsyncModelManager(settings, [Doubting()]))) as client:
        desk = opened(str(client.base_url))
        desk.type("# echo:a b c d")
        desk.expect_ghost("a b c d")
        doubts = ["cm-doubt-0", "cm-doubt-1", "cm-doubt-2", "cm-doubt-3"]
        parts = desk.ghost.locator("span")
        assert [part.get_attribute("class") for part in parts.all()] == doubts
        assert [part.get_attribute("title") for part in parts.all()] == ["1.00", "0.64", "0.41", "0.26"]
        desk.press("Tab")
        tinted = desk.code.locator("[class^=cm-doubt]")
        assert [(one.get_attribute("class"), one.text_content()) for one in tinted.all()] == list(
            zip(doubts, ["a", " b", " c", " d"], strict=True)
        )
        colour = "element => getComputedStyle(element).backgroundColor"
        seen = {one.evaluate(colour) for one in tinted.all()}
        assert len(seen) == 4
        desk.page.get_by_label("Tint").uncheck()
        assert {one.evaluate(colour) for one in tinted.all()} == {"rgba(0, 0, 0, 0)"}


def test_of_a_file_of_five_megabytes_what_is_near_is_sent(desk: Desk) -> None:
    line = "x = 1  # a line of a very long file\n"
    desk.code.focus()
    paste(desk, line * 140_000)
    desk.type("# echo:found")
    desk.expect_ghost("found")
    prefix = desk.sent()["prefix"]
    assert 30_000 < len(prefix) <= 40_000
    assert prefix.startswith("x = 1")
    desk.press("Tab", "Control+Home")
    expect(desk.code.locator(".cm-line").first).to_have_text(line.rstrip())
    desk.press("Control+End")
    expect(desk.code.locator(".cm-line").last).to_have_text("# echo:foundfound")


def test_a_binary_file_is_refused_in_words_and_the_page_goes_on(desk: Desk) -> None:
    desk.code.focus()
    paste(desk, "\x7fELF\x00\x01")
    desk.press("Control+Space")
    expect(desk.notice).to_contain_text("NUL")
    desk.press("Control+a", "Delete")
    desk.type(ASKING)
    desk.expect_ghost("return n")
    expect(desk.notice).to_be_empty()


@pytest.mark.engine
def test_real_weights_write_a_function_that_compiles(opened: Opened, server: Running) -> None:
    desk = opened(server.url)
    desk.page.set_default_timeout(120_000)
    desk.type("def is_prime(n):\n")
    expect(desk.ghost).to_be_visible(timeout=120_000)
    ghost = desk.ghost.text_content()
    assert ghost is not None
    before = desk.text()
    desk.press("Tab")
    assert desk.text() == before + ghost
    space: dict[str, object] = {}
    exec(compile(desk.text(), "page", "exec"), space)
    assert callable(space["is_prime"])
    expect(desk.fact("Answered by")).to_contain_text("sfm2")
    expect(desk.fact("Confidence")).to_contain_text("calibrated:")  # not, if its length cut it
    assert json.loads(desk.asked[0].post_data or "")["logprobs"] is True
