"""What the page says to write in other programs, run as it stands: its answers are right on the shipped weights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Running
from tests.page.conftest import Opened

pytestmark = [pytest.mark.slow, pytest.mark.engine]

PAGE = Path(__file__).parents[2] / "page"  # where node finds the client
PATIENCE = 300  # seconds


def python(code: str) -> str:
    return run([sys.executable, "-c", code])


def shell(code: str) -> str:
    return run(["bash", "-ec", code])


def node(code: str) -> str:
    program = shutil.which("node")
    if program is None or not (PAGE / "node_modules" / "sfm2-client").exists():
        pytest.skip("node is not installed, or `npm ci` was not run in page/")
    return run([program, "--input-type=module", "-e", code], cwd=PAGE)


def run(command: list[str], cwd: Path | None = None) -> str:
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": paths, "SFM2_TIMEOUT": str(PATIENCE)}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def mean(code: str) -> None:
    space = defined(code)
    assert space["mean"]([1, 2, 6]) == 3
    assert space["mean"]([0.5]) == 0.5


def merge_sort(code: str) -> None:
    space = defined(code)
    for numbers in ([], [1], [3, 1, 2], [5, -1, 5, 0, 2, 2], list(range(20, 0, -1))):
        assert space["merge_sort"](list(numbers)) == sorted(numbers)


def clamp(code: str) -> None:
    use = "console.log([[5, 0, 3], [-1, 0, 3], [2, 0, 3]].map(([v, l, h]) => clamp(v, l, h)).join());"
    assert node(f"{code}\n{use}").strip() == "3,0,2"


def defined(code: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(code, "recipe", "exec"), space)
    return space


def whole(answer: str) -> str:
    code: str = json.loads(answer)["generated_code"]
    return code


RECIPES: dict[str, tuple[Callable[[str], str], Callable[[str], None]]] = {
    "Python, program": (python, merge_sort),
    "JavaScript, program": (node, clamp),
    "curl, terminal": (lambda code: whole(shell(code)), mean),
    "Command line, terminal": (shell, merge_sort),
    "Any OpenAI client, program": (python, mean),
}


@pytest.mark.parametrize("label", RECIPES)
def test_the_answer_is_right(opened: Opened, patient_server: Running, label: str) -> None:
    desk = opened(f"{patient_server.url}/#connect")
    code = desk.page.get_by_role("region", name=label, exact=True).text_content()
    assert code is not None
    asked, check = RECIPES[label]
    check(asked(code))
