"""What goes wrong is said in two lines, without a traceback, and takes no text away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import end, start_server
from tests.notebook.kernel import Message, Notebook, notebook
from tests.server.echoing import Echo, serving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("cell", "error", "hint"),
    [
        ("%%sfm2 --maxlength 3\nx", "unknown argument --maxlength; did you mean --max-length?", "%sfm2 --help"),
        ("%%sfm2 --max-length many\nx", "--max-length: invalid int value: 'many'", "%sfm2 --help"),
        ("%%sfm2 --max-length 0\nx", "max_length: input should be greater than or equal to 1", "%sfm2 --help"),
        ("%%sfm2 --language cobol\nx", "expected one of python, javascript", "%sfm2 --help"),
        ("%%sfm2 --context some\nx", 'expected a number of characters, or "off"', "%sfm2 --help"),
        ("%%sfm2 --stop 'a\nx", "no closing quotation", "%sfm2 --help"),
        ("%%sfm2\n\n  \n", "the cell is empty", "Begin a function"),
        ("%%sfm2 --replace --run\nx", "--replace and --run", "--run also runs it"),
        ("%%sfm2 --run --language sql\nx", "this kernel runs Python, not sql", "Leave --run out"),
        ("%%sfm2 --api-url nowhere\nx", "expected http://HOST", ""),
        ("%%sfm2 --max-length 30000\nx", "max_length", ""),
        ("%sfm2 statsu", "unknown command statsu; did you mean status?", "status, explain, config, feedback"),
        (
            "%sfm2 config lenguage python",
            "expected one of url, key, language, max_length, temperature, context",
            "%sfm2 config",
        ),
        ("%sfm2 config max_length none", "from 1 to", "%sfm2 config"),
        ("%sfm2 config temperature hot", "from 0 to 2", "%sfm2 config"),
        ("%sfm2 config language cobol", "expected one of python", "%sfm2 config"),
        ("%sfm2 config url ftp://x", "expected http://HOST", ""),
        ("%sfm2 feedback great", "invalid choice", "--help"),
        ("%sfm2 explain absent", "absent is not defined", "In[3]"),
        ("%sfm2 explain In[99]", "In[99] holds no code", "In[3]"),
        ("%sfm2 explain a b", "expected one name, not 2", "explain NAME"),
    ],
)
def test_wrong_words(shared: Notebook, cell: str, error: str, hint: str) -> None:
    ran = shared.run(cell)
    assert (ran.status, ran.next_input, ran.displayed, ran.printed) == ("error", None, [], "")
    first, second, *_ = ran.complaint.splitlines()
    assert first.startswith("error: ")
    assert error in first
    assert second.startswith("hint: ")
    assert hint in second
    assert "Traceback" not in ran.complaint


def test_no_server(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --api-url http://127.0.0.1:9 --replace\nx = 1")
    assert (ran.errors[0]["ename"], ran.next_input) == ("APIConnectionError", None)
    assert "cannot reach http://127.0.0.1:9" in ran.complaint
    assert "`sfm2 serve` in a terminal" in ran.complaint


def test_a_wrong_key_and_a_right_one(tmp_path: Path) -> None:
    server = start_server(tmp_path, SFM2_FALLBACK_CHAIN="echo")
    create = [sys.executable, "-m", "sfm2", "keys", "create"]
    key = subprocess.run(create, env=server.environment, capture_output=True, text=True, check=True).stdout.split()[0]
    try:
        with notebook(tmp_path / "kernel", {"SFM2_API_URL": server.url, "SFM2_API_KEY": "wrong"}) as opened:
            refused = opened.run("%%sfm2\nx = 1")
            assert refused.errors[0]["ename"] == "AuthenticationError"
            assert "`%sfm2 config key`" in refused.complaint
            shown = opened.run("%sfm2 config key", typed=key)
            assert key not in str(shown)
            assert "set, not shown" in shown.text
            assert opened.run("%%sfm2\nx = 1").status == "ok"
    finally:
        end(server)


def test_too_many_requests(tmp_path: Path) -> None:
    with (
        serving(tmp_path, limits={"rate": "1/hour"}) as server,
        notebook(tmp_path / "kernel", {"SFM2_API_URL": server.url}) as opened,
    ):
        assert opened.run("%%sfm2\nx = 1").status == "ok"
        ran = opened.run("%%sfm2\nx = 1")
        assert ran.errors[0]["ename"] == "RateLimitError"
        assert "Try again in" in ran.complaint


def test_nobody_can_answer(tmp_path: Path) -> None:
    with (
        serving(tmp_path, fallback={"chain": ["openai"]}) as server,
        notebook(tmp_path / "kernel", {"SFM2_API_URL": server.url}) as opened,
    ):
        ran = opened.run("%%sfm2\nx = 1")
        assert ran.errors[0]["ename"] == "ModelUnavailableError"
        assert "OPENAI_API_KEY" in ran.complaint


def test_a_fallback_is_told(tmp_path: Path) -> None:
    with (
        serving(tmp_path, fallback={"chain": ["openai", "echo"]}) as server,
        notebook(tmp_path / "kernel", {"SFM2_API_URL": server.url}) as opened,
    ):
        ran = opened.run("%%sfm2\nx = 1")
        assert "openai could not answer (not_configured: " in ran.text
        assert "echo answered instead" in ran.text


SLOW = "# echo-slow:one two three" + " word" * 200


def test_an_interrupt_keeps_what_has_come(shared: Notebook) -> None:
    interrupted: list[bool] = []

    def watch(message: Message) -> None:
        if message["msg_type"] == "update_display_data" and not interrupted:
            interrupted.append(True)
            shared.interrupt()

    ran = shared.run(f"%%sfm2 --stream --run --no-guard\n{SLOW}", watch=watch)
    assert (ran.status, ran.errors) == ("ok", [])
    assert ran.next_input is not None
    kept = ran.next_input["text"].removeprefix(SLOW + "\n")
    assert "one two" in kept
    assert kept.count("word") < 190
    assert kept in ran.text
    assert "Interrupted: what had arrived is in the next cell" in ran.text
    assert shared.run("1 + 1").displayed[0]["text/plain"] == "2"


def test_an_interrupt_before_anything_came(shared: Notebook, echo: Echo) -> None:
    asked = len(echo.asked)

    def watch(message: Message) -> None:
        if message["msg_type"] == "execute_input":
            while len(echo.asked) == asked:
                pass
            shared.interrupt()

    ran = shared.run(f"%%sfm2\n{SLOW}", watch=watch)
    assert (ran.status, ran.next_input) == ("error", None)
    assert ran.complaint == "interrupted; nothing was changed"


def test_a_server_that_dies_in_mid_stream(tmp_path: Path) -> None:
    server = start_server(tmp_path, SFM2_FALLBACK_CHAIN="echo")
    try:
        with notebook(tmp_path / "kernel", {"SFM2_API_URL": server.url}) as opened:

            def watch(message: Message) -> None:
                if message["msg_type"] == "update_display_data" and server.process.poll() is None:
                    os.kill(server.process.pid, signal.SIGKILL)

            ran = opened.run(f"%%sfm2 --stream --no-guard\n{SLOW}", watch=watch)
        assert (ran.status, ran.errors[0]["ename"]) == ("error", "StreamInterruptedError")
        assert "Failed: this is what had arrived" in ran.text
        assert "\none two" in ran.text
    finally:
        end(server)
