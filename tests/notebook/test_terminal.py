"""IPython on a terminal: text goes on as it comes, and the result is typed into the next prompt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.on_terminal import on_terminal, plain
from tests.conftest import clean_environment
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("flag", ["", "--stream"])
def test_a_terminal(echo: Echo, tmp_path: Path, flag: str) -> None:
    environment = clean_environment(tmp_path, {"SFM2_API_URL": echo.url, "IPYTHONDIR": str(tmp_path), "TERM": "dumb"})
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    with on_terminal(command, environment) as shell:
        shell.read_until("In [1]: ")
        shell.type("%load_ext sfm2\n")
        shell.read_until("In [2]: ")
        shell.type(f"get_ipython().run_cell('%%sfm2 {flag}\\n# echo:x = 20 + 22')\n")
        said = plain(shell.read_until("In [3]: "))
        assert "# echo:x = 20 + 22\nx = 20 + 22\n" in said
        assert "confidence 0.90" in said
        shell.type("print(get_ipython().rl_next_input)\n")
        shell.read_until("In [4]: ")
        shell.type("%sfm2 statsu\n")
        shell.read_until("did you mean status?")
        shell.type("exit\n")
        assert shell.end()[0] == 0
