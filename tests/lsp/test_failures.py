"""What goes wrong: the editor gets an empty answer and one message, and everything recovers by itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pygls.exceptions import JsonRpcException

from sfm2.testing import until
from tests.conftest import clean_environment, end, start_server
from tests.lsp.conftest import Open
from tests.lsp.editor import AUTOMATIC, WAIT, Editor, at, end_of
from tests.server.echoing import Echo, serving

pytestmark = pytest.mark.slow

TEXT = "x = 1\n# echo:y = 2"
CURSOR = end_of(TEXT)


def test_no_server_is_said_once_and_it_is_found_when_it_comes(opened: Open, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with opened(url, TEXT) as editor:
        for _ in range(5):
            assert editor.ghost(CURSOR) is None
        assert editor.ghost(CURSOR, AUTOMATIC) is None
        assert len(editor.shown) == 1
        assert f"cannot reach {url}" in editor.shown[0]
        assert "`sfm2 serve`" in editor.shown[0]
        assert "cannot reach" in editor.command("sfm2.status")
        server = start_server(tmp_path, "--port", str(port), SFM2_FALLBACK_CHAIN="echo")
        try:
            item = editor.ghost(CURSOR)
            assert item is not None
            assert item.insert_text == "y = 2"
            until(lambda: "SFM-2 answers again." in editor.logged, WAIT)
            assert len(editor.shown) == 2  # the second is the status that was asked for
        finally:
            end(server)


def test_a_server_that_dies_and_is_started_again(opened: Open, tmp_path: Path) -> None:
    server = start_server(tmp_path, SFM2_FALLBACK_CHAIN="echo")
    port = server.url.rsplit(":", 1)[1]
    slow = "# echo-slow:" + "word " * 90
    try:
        with opened(server.url, slow) as editor:
            asked = editor.ask(end_of(slow))
            until(lambda: httpx.get(f"{server.url}/health/live").is_success and not asked.done(), WAIT)
            os.kill(server.process.pid, signal.SIGKILL)
            assert asked.result(WAIT) == []
            until(lambda: editor.shown, WAIT)
            end(server)
            server = start_server(tmp_path, "--port", port, SFM2_FALLBACK_CHAIN="echo")
            editor.replace(TEXT)
            assert editor.ghost(CURSOR) is not None
            assert len(editor.shown) == 1
    finally:
        end(server)


def test_a_wrong_key_and_a_right_one(opened: Open, tmp_path: Path) -> None:
    server = start_server(tmp_path, SFM2_FALLBACK_CHAIN="echo")
    create = [sys.executable, "-m", "sfm2", "keys", "create"]
    key = subprocess.run(create, env=server.environment, capture_output=True, text=True, check=True).stdout.split()[0]
    try:
        with opened(server.url, TEXT, variables={"SFM2_API_KEY": "wrong"}) as editor:
            for _ in range(3):
                assert editor.ghost(CURSOR) is None
            [said] = editor.shown
            assert "SFM2_API_KEY" in said
        with opened(server.url, TEXT, variables={"SFM2_API_KEY": key}) as editor:
            assert editor.ghost(CURSOR) is not None
            assert editor.shown == []
    finally:
        end(server)


def test_too_many_requests(opened: Open, tmp_path: Path) -> None:
    with serving(tmp_path, limits={"rate": "1/hour"}) as server, opened(server.url, TEXT) as editor:
        assert editor.ghost(CURSOR) is not None
        editor.replace(TEXT + "!")
        assert editor.ghost(end_of(TEXT + "!")) is None
        [said] = editor.shown
        assert "Try again in" in said
        asked = len(server.asked)
        for char in "abc":  # who types on is not heard: nobody asks before it is time
            editor.replace(TEXT + char)
            assert editor.ghost(end_of(TEXT + char), AUTOMATIC) is None
        assert len(server.asked) == asked
        assert len(editor.shown) == 1


def test_nobody_can_answer(opened: Open, tmp_path: Path) -> None:
    with serving(tmp_path, fallback={"chain": ["openai"]}) as server, opened(server.url, TEXT) as editor:
        assert editor.ghost(CURSOR) is None
        assert editor.ghost(CURSOR) is None
        assert len(editor.shown) == 1


@contextmanager
def another_service(answer: bytes | None) -> Iterator[str]:
    """Answers each connection so; None: never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                if answer is not None:
                    connection.recv(65_536)
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        for connection in kept:
            connection.close()


def test_something_else_at_the_address(opened: Open) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
    with another_service(page) as url, opened(url, TEXT) as editor:
        assert editor.ghost(CURSOR) is None
        assert editor.ghost(CURSOR) is None
        [said] = editor.shown
        assert "the answer is not SFM-2's" in said


def test_a_server_that_never_answers_keeps_nobody_waiting(opened: Open) -> None:
    variables = {"SFM2_GENERATION_TIMEOUT": "1", "SFM2_FALLBACK_CHAIN": "echo"}
    with another_service(None) as url, opened(url, TEXT, variables=variables) as editor:
        waiting = editor.ask(CURSOR)
        editor.replace(TEXT + "!")  # the editor goes on meanwhile
        assert "did not answer in time" in editor.command("sfm2.status")
        assert waiting.result(WAIT) == []
        assert sum("did not answer in time" in said for said in editor.shown) == 2  # once, and in the status


def test_five_megabytes_with_one_line_too_many(editor: Editor, echo: Echo) -> None:
    filler = "".join(f"value_{number} = {number}  # 😀\n" for number in range(110_000))
    text = "import os\n" + filler + "# echo:it works"
    editor.open(text + "\n" + filler)
    item = editor.ghost(end_of(text))
    assert item is not None
    assert item.insert_text == "it works"
    assert item.range is not None
    assert item.range.start == end_of(text)
    assert echo.last["prefix"].startswith("import os\n")
    assert len(echo.last["prefix"]) + len(echo.last["suffix"]) <= 40_000
    cursor = editor.type(end_of(text), "it ")
    along = editor.ghost(cursor, AUTOMATIC)
    assert along is not None
    assert along.insert_text == "works"


def test_five_megabytes_in_one_line(editor: Editor, echo: Echo) -> None:
    text = "é😀" * 1_000_000 + " echo:z"
    editor.open(text, editor.uri.replace(".py", ".txt"), "plaintext")
    item = editor.ghost(end_of(text))
    assert item is not None
    assert item.range is not None
    assert item.range.start == end_of(text)


def test_binary_is_not_sent(editor: Editor, echo: Echo) -> None:
    editor.open("\x7fELF\x00\x01# echo:x", uri="file:///a.out", language="")
    assert editor.ghost(end_of("\x7fELF\x00\x01# echo:x")) is None
    assert echo.asked == []
    assert editor.shown == []


def test_secrets_are_not_sent(editor: Editor, echo: Echo) -> None:
    editor.open("KEY=1\n# echo:x", uri="file:///home/me/.env", language="shellscript")
    assert editor.ghost(at(1, 8)) is None
    editor.command(
        "sfm2.explain", editor.uri, {"start": {"line": 0, "character": 0}, "end": {"line": 1, "character": 0}}
    )
    assert "sfm2.exclude" in editor.shown[-1]
    assert echo.asked == []


def test_an_untitled_buffer(editor: Editor, echo: Echo) -> None:
    editor.open("# echo:x = 1", uri="untitled:Untitled-1", language="plaintext")
    assert editor.ghost(at(0, 12)) is not None
    assert "path" not in echo.last
    assert "language" not in echo.last


def test_a_document_that_was_never_opened(editor: Editor, echo: Echo) -> None:
    editor.uri = "file:///etc/passwd"
    assert editor.ghost(at(0, 0)) is None
    editor.change(at(0, 0), at(0, 0), "x")
    assert echo.asked == []


def test_windows_line_ends_and_tabs(editor: Editor, echo: Echo) -> None:
    text = "def f():\r\n\tx = 1\r\n\t# echo:y = 2"
    editor.open(text + "\r\n")
    item = editor.ghost(end_of(text))
    assert item is not None
    assert item.range is not None
    assert item.range.start == at(2, 13)
    assert echo.last["prefix"] == text.replace("\r\n", "\n")
    assert echo.last["suffix"] == "\n"


def test_a_wrong_setting_is_said_once(opened: Open, echo: Echo) -> None:
    with opened(echo.url, TEXT, options={"minConfidense": 1}) as editor:
        editor.set({"sfm2": {"debounce": 1}})
        assert editor.ghost(CURSOR) is not None
        assert editor.shown == [
            "SFM-2: sfm2.minConfidense: unknown setting; did you mean minConfidence? The default applies."
        ]


def test_nonsense_is_answered_and_survived(editor: Editor) -> None:
    editor.open(TEXT)
    position = {"line": -1, "character": "x"}
    nonsense = {"textDocument": {"uri": editor.uri}, "position": position, "context": {"triggerKind": 9}}

    request = {"jsonrpc": "2.0", "id": 77, "method": "textDocument/inlineCompletion", "params": nonsense}
    answer = editor.client.protocol._request_futures[77] = Future()
    editor.notify(lambda: editor.client.protocol._send_data(request))
    with pytest.raises(JsonRpcException, match="the parameters are not those of the protocol"):
        answer.result(WAIT)
    assert editor.ghost(CURSOR) is not None


def test_the_editor_leaves_politely_or_not(opened: Open, echo: Echo, tmp_path: Path) -> None:
    with opened(echo.url) as editor:
        assert editor.quit() == 0
    environment = clean_environment(tmp_path, {"SFM2_API_URL": echo.url})
    command = [sys.executable, "-m", "sfm2", "lsp"]
    # Standard input ends: the editor has died.
    died = subprocess.run(command, env=environment, input=b"", capture_output=True, timeout=WAIT)
    assert (died.returncode, died.stdout) == (1, b"")
    cut = subprocess.run(
        command, env=environment, input=b"Content-Length: 99\r\n\r\n{", capture_output=True, timeout=WAIT
    )
    assert (cut.returncode, cut.stdout) == (1, b"")
    assert b"Traceback" not in cut.stderr
