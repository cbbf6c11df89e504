"""Emacs with Eglot, as Debian has them: its own client attaches, asks, and applies the edit."""

from __future__ import annotations

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
    pytest.mark.skipif(
        shutil.which("emacs") is None, reason="emacs is not installed: apt-get install emacs-nox elpa-eglot"
    ),
]

GUIDE = Path(__file__).parents[2] / "docs" / "site" / "editors.md"
SCRIPT = """
(require 'eglot)
(setq project-find-functions (list (lambda (_) (cons 'transient default-directory))))
(find-file "main.py")
(python-mode)
(setq eglot-sync-connect 60)
(apply #'eglot--connect (eglot--guess-contact))
(goto-char (point-max))
(completion-at-point)
(let ((coding-system-for-write 'utf-8-unix)) (write-region (point-min) (point-max) "answer.py"))
"""


def from_the_guide(url: str) -> str:
    """What docs/site/editors.md gives to users, of another server."""
    [form] = re.findall(r"Either that is SFM-2:\n\n```elisp\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert "http://127.0.0.1:8000" in form
    return str(form).replace("http://127.0.0.1:8000", url)


def test_eglot_completes_a_file(echo: Echo, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "sfm2"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sfm2 "$@"\n')
    program.chmod(0o755)
    text = "greeting = '😀'\n\ndef f(n):\n    '😀' # echo:turn n # re"
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    (tmp_path / "ask.el").write_text(from_the_guide(echo.url) + SCRIPT, encoding="utf-8")
    variables = clean_environment(tmp_path, {"HOME": str(tmp_path)})
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    ran = subprocess.run(
        ["emacs", "--batch", "-l", "ask.el"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
        timeout=WAIT * 3,
        stdin=subprocess.DEVNULL,
    )
    answer = tmp_path / "answer.py"
    assert answer.exists(), ran.stderr
    assert answer.read_text(encoding="utf-8") == text + "turn n # re"
    assert (echo.last["prefix"], echo.last["language"]) == (text, "python")
