"""`sfm2 explain`, as a process. The echo backend repeats the last word of the question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Sfm2

CODE = "def f(): return 1"
SAID = "```"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "code.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [(["--code", CODE], ""), (["--file", "code.py"], ""), (["--code", "-"], CODE), (["--file", "-"], CODE)],
)
@pytest.mark.usefixtures("file")
def test_code_from_an_argument_a_file_or_standard_input(sfm2: Sfm2, arguments: list[str], stdin: str) -> None:
    result = sfm2("explain", *arguments, stdin=stdin)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{SAID}\n", "")


@pytest.mark.parametrize("arguments", [[], ["--code", CODE, "--file", "code.py"]], ids=["none", "both"])
@pytest.mark.usefixtures("file")
def test_exactly_one_is_expected(sfm2: Sfm2, arguments: list[str]) -> None:
    result = sfm2("explain", *arguments)
    assert (result.returncode, "Give either --code or --file" in result.stderr) == (2, True)


def test_json_is_the_response(sfm2: Sfm2) -> None:
    result = json.loads(sfm2("explain", "--code", CODE, "--json", "--max-length", "5").stdout)
    assert (result["explanation"], result["model_used"]) == (SAID, "echo")


def test_a_server_explains(sfm2: Sfm2, server_url: str) -> None:
    assert sfm2("explain", "--code", CODE, "--api-url", server_url).stdout == f"{SAID}\n"


def test_empty_code(sfm2: Sfm2) -> None:
    result = sfm2("explain", "--code", "")
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, "error: code: must not be empty")
