"""The server is down, wants a key, or has had enough: said once, in words, and over by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import Running, clean_environment, end, start_server
from tests.page.conftest import Opened
from tests.page.desk import Desk

pytestmark = pytest.mark.slow

ECHO = {"SFM2_FALLBACK_CHAIN": "echo"}


def new_key(data_dir: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sfm2", "keys", "create", *options],
        env=clean_environment(data_dir, {}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"sfm2_\S+", done.stdout)
    assert found is not None
    return found[0]


def watch_notices(desk: Desk) -> None:
    desk.page.evaluate(
        """() => {
            window.notices = [];
            const place = document.getElementById('notice');
            new MutationObserver(() => window.notices.push(place.textContent)).observe(place, {childList: true});
        }"""
    )


def notices(desk: Desk) -> list[str]:
    found: list[str] = desk.page.evaluate("window.notices")
    return found


def test_a_server_that_dies_is_told_once_and_the_page_recovers(opened: Opened, tmp_path: Path) -> None:
    running = start_server(tmp_path, **ECHO)
    port = running.url.rsplit(":", 1)[1]
    again: Running | None = None
    try:
        desk = opened(running.url)
        desk.page.wait_for_load_state("networkidle")
        watch_notices(desk)
        running.process.kill()
        running.process.wait()
        desk.type("# echo:one")
        expect(desk.notice).to_contain_text("The server does not answer.")
        desk.type(" two")
        desk.page.wait_for_timeout(1500)
        desk.type(" three")
        desk.page.wait_for_timeout(1500)
        assert [one for one in notices(desk) if one] == ["The server does not answer.It is asked again until it does."]
        assert len(desk.asked) == 1  # the others would have failed as well
        again = start_server(tmp_path, "--port", port, **ECHO)
        desk.expect_ghost("one two three")  # without a key being pressed
        expect(desk.notice).to_be_empty()
        assert desk.text() == "# echo:one two three"
        expect(desk.page.locator("#health")).to_have_text("echo")
    finally:
        end(running)
        if again:
            end(again)


def test_a_server_that_dies_in_mid_answer_loses_nothing(opened: Opened, tmp_path: Path) -> None:
    running = start_server(tmp_path, **ECHO)
    try:
        desk = opened(running.url)
        desk.type("# echo-slow:a b c d e f g h i j k l m n")
        expect(desk.page.locator("#state")).to_have_text("Asking")
        running.process.kill()
        running.process.wait()
        expect(desk.notice).to_contain_text("does not answer")
        expect(desk.page.locator("#state")).to_have_text("")
        assert desk.text() == "# echo-slow:a b c d e f g h i j k l m n"
    finally:
        end(running)


def test_a_key_is_asked_for_and_refused_when_wrong(opened: Opened, tmp_path: Path) -> None:
    key = new_key(tmp_path)
    running = start_server(tmp_path, **ECHO)
    try:
        desk = opened(running.url)
        page = desk.page
        expect(desk.notice).to_contain_text("This server wants an API key.")
        for text, kept in [("sfm2_wrong", False), (key, False)]:
            desk.notice.get_by_role("button", name="Enter a key").click()
            page.get_by_label("Key", exact=True).fill(text)
            page.get_by_label("Keep it on this device").set_checked(kept)
            page.get_by_role("button", name="Use it").click()
            if text != key:
                expect(desk.notice).to_contain_text("does not accept this API key")
        expect(desk.notice).to_be_empty()
        desk.type("# echo:one")
        desk.expect_ghost("one")
        assert page.evaluate("[localStorage.getItem('sfm2.key'), sessionStorage.getItem('sfm2.key')]") == [None, key]
        desk.go("Connect")
        assert "sfm2_YOUR_KEY" in page.locator("#recipes").inner_text()
        assert key not in page.content()
    finally:
        end(running)


def test_a_key_that_may_not_read_the_counters_is_good_for_the_rest(opened: Opened, tmp_path: Path) -> None:
    key = new_key(tmp_path, "--scope", "generate")
    running = start_server(tmp_path, **ECHO)
    try:
        desk = opened(running.url)
        desk.notice.get_by_role("button", name="Enter a key").click()
        desk.page.get_by_label("Key", exact=True).fill(key)
        desk.page.get_by_role("button", name="Use it").click()
        expect(desk.notice).to_be_empty()
        desk.type("# echo:one")
        desk.expect_ghost("one")
        desk.go("Dashboard")
        expect(desk.page.locator("#tiles")).to_contain_text("This API key may not read the counters")
        expect(desk.notice).to_be_empty()
    finally:
        end(running)


def test_a_key_is_kept_on_the_device_when_its_owner_says_so_and_forgotten(opened: Opened, tmp_path: Path) -> None:
    key = new_key(tmp_path)
    running = start_server(tmp_path, **ECHO)
    try:
        desk = opened(running.url)
        page = desk.page
        page.get_by_role("button", name="Key", exact=True).click()
        page.get_by_label("Key", exact=True).fill(key)
        page.get_by_label("Keep it on this device").check()
        page.get_by_role("button", name="Use it").click()
        expect(desk.notice).to_be_empty()
        other = page.context.new_page()
        with other.expect_response("**/v1/models") as asked:
            other.goto(running.url)
        assert asked.value.status == 200
        page.get_by_role("button", name="Key", exact=True).click()
        page.get_by_role("button", name="Forget it").click()
        expect(desk.notice).to_contain_text("wants an API key")
        assert page.evaluate("[localStorage.getItem('sfm2.key'), sessionStorage.getItem('sfm2.key')]") == [None, None]
    finally:
        end(running)


def test_a_rate_limit_is_waited_out(opened: Opened, tmp_path: Path) -> None:
    running = start_server(tmp_path, SFM2_LIMITS_RATE="4 per 8 seconds", **ECHO)
    try:
        desk = opened(running.url)  # two requests
        watch_notices(desk)
        desk.page.get_by_label("Tell the server").uncheck()
        for text in ("# echo:a", "x", "y"):
            desk.type(text)
            desk.page.wait_for_timeout(700)
        expect(desk.notice).to_contain_text("The server takes no more requests from here for now.It is asked again in")
        sent = len(desk.asked)
        desk.type("z")
        desk.page.wait_for_timeout(700)
        assert len(desk.asked) == sent
        desk.expect_ghost("axyz")  # when its time has come, without a key
        expect(desk.notice).to_be_empty()
        assert len([one for one in notices(desk) if one]) == 1
    finally:
        end(running)
