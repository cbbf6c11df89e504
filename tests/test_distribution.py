"""How tests are shared out: a process that dies takes one test along at most, and the run comes to its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_TREE = Path(__file__).parents[1]
_CONFTEST = "from tests.distribution import pytest_collection_modifyitems, pytest_xdist_make_scheduler\n"
_QUICK = "import pytest\n@pytest.mark.parametrize('n', range(COUNT))\ndef test_passes(n): pass\n"
_DEADLY = (
    _QUICK
    + """
def test_dies():
    import os, pathlib
    file = pathlib.Path("kills")
    kills = file.read_text()
    if kills == "once":
        file.write_text("no more")
    if kills != "no more":
        os._exit(9)
def test_after():
    pass
"""
)
_LIMIT = 120  # seconds


@pytest.mark.parametrize("dying", [0, 3, 7])
@pytest.mark.parametrize("kills", ["once", "always"])
def test_a_process_that_dies_takes_one_test_along(tmp_path: Path, dying: int, kills: str) -> None:
    """Wherever it dies: among files with a single test, and among those with several. What kills once is run again."""
    files = [_DEADLY if n == dying else _QUICK for n in range(8)]
    (tmp_path / "kills").write_text(kills)
    for n, text in enumerate(files):
        (tmp_path / f"test_{n}.py").write_text(text.replace("COUNT", str(1 + n % 3)))
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    every = sum(1 + n % 3 for n in range(8)) + 2
    options = ("-p", "xdist", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", "--rootdir", ".")
    command = [sys.executable, "-m", "pytest", "-q", *options, "."]
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COVERAGE_"))}
    environment = outside | {"PYTHONPATH": str(_TREE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=_LIMIT)
    assert f"the process of test_{dying}.py::test_dies died; it is run once more" in done.stdout
    if kills == "always":
        assert re.search(rf"1 failed, {every - 1} passed", done.stdout), done.stdout + done.stderr
        assert f"crashed while running 'test_{dying}.py::test_dies'" in done.stdout
    else:
        assert re.search(rf"\b{every} passed", done.stdout), done.stdout + done.stderr
