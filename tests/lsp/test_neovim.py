"""Headless Neovim, as Debian has it: its own client attaches, asks, and applies the edit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment
from tests.lsp.editor import WAIT
from tests.server.echoing import Echo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("nvim") is None, reason="nvim is not installed: apt-get install neovim"),
]

GUIDE = Path(__file__).parents[2] / "docs" / "site" / "editors.md"
SCRIPT = """
local shown = {}
vim.lsp.handlers["window/showMessage"] = function(_, result) table.insert(shown, result.message) end
local id = vim.lsp.start_client({ name = "sfm2", cmd = vim.fn.json_decode(vim.env.LSP_COMMAND), root_dir = vim.env.HOME })
vim.lsp.buf_attach_client(0, id)
local client = vim.lsp.get_client_by_id(id)
assert(vim.wait(60000, function() return client.initialized end), "sfm2 lsp did not start")
vim.o.virtualedit = "onemore"
vim.cmd("normal! G$l")
local before = vim.api.nvim_buf_get_changedtick(0)
Sfm2Complete()
assert(vim.wait(60000, function() return vim.api.nvim_buf_get_changedtick(0) > before end), "nothing was inserted")
vim.cmd("write")
local file = assert(io.open(vim.env.ANSWER, "w"))
file:write(vim.fn.json_encode({ shown = shown, cursor = vim.api.nvim_win_get_cursor(0) }))
file:close()
vim.lsp.stop_client(id)
vim.cmd("qall!")
"""


def from_the_guide() -> str:
    """The function that docs/site/editors.md gives to users."""
    [function] = re.findall(r"```lua\n(-- Inserts the suggestion.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(function)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_neovim_completes_a_file(echo: Echo, tmp_path: Path, newline: str) -> None:
    text = newline.join(["greeting = '😀'", "", "def f(n):", "    '😀' # echo:turn n # re"])
    file = tmp_path / "main.py"
    file.write_bytes((text + newline).encode())
    script = tmp_path / "ask.lua"
    script.write_text(from_the_guide() + SCRIPT)
    command = json.dumps([sys.executable, "-m", "sfm2", "lsp"])
    places = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    answer = tmp_path / "answer.json"
    variables = {"SFM2_API_URL": echo.url, "LSP_COMMAND": command, "ANSWER": str(answer), **places}
    ran = subprocess.run(
        [
            "nvim",
            "--headless",
            "--clean",
            "-u",
            "NONE",
            str(file),
            "-c",
            "set filetype=python",
            "-c",
            f"luafile {script}",
        ],
        env=clean_environment(tmp_path, variables),
        capture_output=True,
        text=True,
        timeout=WAIT * 3,
        stdin=subprocess.DEVNULL,
    )
    assert answer.exists(), ran.stderr
    told = json.loads(answer.read_text())
    assert told["shown"] == []
    assert told["cursor"] == [4, len(text.split(newline)[3].encode()) + len("turn n # re")]
    assert file.read_bytes().decode() == text + "turn n # re" + newline
    assert echo.last["prefix"] == text.replace("\r\n", "\n")
    assert echo.last["language"] == "python"
