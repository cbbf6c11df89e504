"""The examples do what they say, as a user would run them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import clean_environment

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name: str, folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name)],
        env=clean_environment(folder, {"SFM2_API_URL": url}),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("generate.py", ["def binary_search(arr, target):", "# echo, "]),
        ("stream.py", ["# 2 tokens, stop"]),  # what echo says is no Python, twice
        ("batch.py", ["def sort_list(lst):", "class Queue:", "import numpy as np"]),
    ],
)
def test_an_example_runs(name: str, said: list[str], tmp_path: Path, echo_url: str) -> None:
    done = run(name, tmp_path, echo_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert [text for text in said if text not in done.stdout] == []


def test_without_a_server_the_example_says_what_to_do(tmp_path: Path) -> None:
    done = run("generate.py", tmp_path, "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "sfm2 serve" in done.stderr
    assert "Traceback" not in done.stderr
