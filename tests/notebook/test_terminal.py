"""IPython on a terminal: text goes on as it comes, and the result is typed into the next prompt."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pexpect  # type: ignore[import-untyped]
import pytest

from tests.conftest import clean_environment
from tests.notebook.kernel import WAIT
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")


@pytest.mark.parametrize("flag", ["", "--stream"])
def test_a_terminal(echo: Echo, tmp_path: Path, flag: str) -> None:
    environment = clean_environment(tmp_path, {"SFM2_API_URL": echo.url, "IPYTHONDIR": str(tmp_path), "TERM": "dumb"})
    shell = pexpect.spawn(
        sys.executable,
        ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        env=environment,
        encoding="utf-8",
        timeout=WAIT,
    )
    shell.expect_exact("In [1]: ")
    shell.sendline("%load_ext sfm2")
    shell.expect_exact("In [2]: ")
    shell.sendline(f"get_ipython().run_cell('%%sfm2 {flag}\\n# echo:x = 20 + 22')")
    shell.expect_exact("In [3]: ")
    said = _CONTROL.sub("", shell.before or "").replace("\r\n", "\n")
    assert "# echo:x = 20 + 22\nx = 20 + 22\n" in said
    assert "confidence 0.90" in said
    shell.sendline("print(get_ipython().rl_next_input)")
    shell.expect_exact("In [4]: ")
    shell.sendline("%sfm2 statsu")
    shell.expect_exact("did you mean status?")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
