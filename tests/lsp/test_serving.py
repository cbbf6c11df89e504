"""The command: its transports, models in its own process, and what it says when it can't start."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sfm2.installation import command_for
from sfm2.testing import until
from tests.conftest import Running, clean_environment
from tests.lsp.conftest import Open
from tests.lsp.editor import WAIT, Editor, at, end_of
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow

LSP = [sys.executable, "-m", "sfm2", "lsp"]
TEXT = "# echo:x = 1"


def test_several_editors_over_tcp(echo: Echo, tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, {"SFM2_API_URL": echo.url})
    with subprocess.Popen([*LSP, "--tcp", "0"], env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        listening = re.search(r"listening on 127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert listening
        editors = [Editor(), Editor()]
        try:
            for number, editor in enumerate(editors):
                editor.connect(int(listening[1]))
                editor.initialize()
                editor.open(f"# echo:editor {number}")
            for number, editor in enumerate(editors):
                item = editor.ghost(at(0, 15))
                assert item is not None
                assert item.insert_text == f"editor {number}"
            editors[0].close()  # without a word; the other does not notice
            editors[1].replace("# echo:still")
            assert editors[1].ghost(at(0, 12)) is not None
        finally:
            editors[1].close()
            process.terminate()


def test_models_in_this_process(opened: Open) -> None:
    with opened("http://127.0.0.1:9", TEXT, "--local", variables={"SFM2_FALLBACK_CHAIN": "echo"}) as editor:
        item = editor.ghost(end_of(TEXT))
        assert item is not None
        assert item.insert_text == "x = 1"
        assert item.command is not None
        editor.command("sfm2.accepted", "1")
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 9}}
        assert editor.command("sfm2.explain", editor.uri, span)
        assert "this process is healthy" in editor.command("sfm2.status")
        assert editor.quit() == 0


def test_nothing_but_the_protocol_is_on_standard_output(opened: Open, echo: Echo, tmp_path: Path) -> None:
    with opened(echo.url, TEXT, variables={"SFM2_LOG_LEVEL": "DEBUG"}) as editor:
        assert editor.ghost(end_of(TEXT)) is not None
        until(lambda: editor.logged, WAIT)
    assert "pygls" in (tmp_path / "lsp.log").read_text()


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--api-url", "nowhere"], {}, "expected http://HOST"),
        ([], {"SFM2_API_PORT": "0"}, "api.port is 0"),
        (["--tcp", "70000"], {}, "70000"),
        (["--local"], {"SFM2_MODEL_PATH": "/nowhere.gguf", "SFM2_FALLBACK_CHAIN": "sfm2"}, "/nowhere.gguf"),
    ],
)
def test_what_it_can_not_start_with(tmp_path: Path, arguments: list[str], variables: dict[str, str], said: str) -> None:
    environment = clean_environment(tmp_path, variables)
    ran = subprocess.run([*LSP, *arguments], env=environment, input="", capture_output=True, text=True, timeout=WAIT)
    assert ran.returncode != 0
    assert said in ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr


def test_a_port_that_is_taken(echo: Echo, tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, {"SFM2_API_URL": echo.url})
    port = echo.url.rsplit(":", 1)[1]
    ran = subprocess.run([*LSP, "--tcp", port], env=environment, capture_output=True, text=True, timeout=WAIT)
    assert ran.returncode == 2
    assert f"cannot serve on port {port}" in ran.stderr


def test_without_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pygls'] = None; from sfm2.cli import main; main(['lsp'])"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=clean_environment(tmp_path, {}), capture_output=True, text=True, timeout=WAIT
    )
    assert ran.returncode == 3
    assert command_for("lsp") in ran.stderr


@pytest.mark.engine
def test_real_weights_complete_a_function(opened: Open, server: Running) -> None:
    text = "def is_prime(n):\n    "
    with opened(server.url, text) as editor:
        code = text
        while (item := editor.ghost(end_of(code))) is not None and "return" not in code:
            code += str(item.insert_text)  # the first line comes before the others
            editor.replace(code)
        scope: dict[str, object] = {}
        exec(compile(code, "main.py", "exec"), scope)
        assert "return" in code
        assert editor.shown == []
