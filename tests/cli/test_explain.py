"""`sfm2 explain`, as a process. The echo backend repeats the last word of the question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SFM2, Sfm2
from tests.cli.on_terminal import on_terminal, plain

CODE = "def f(): return 1"
SAID = "parameters."
READ = "Read off the code:\n`def f()`:\n  returns `1`"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "code.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["--code", CODE], ""),
        (["-c", CODE], ""),
        (["--file", "code.py"], ""),
        (["code.py"], ""),
        (["code.py:1"], ""),
        (["code.py:1-1"], ""),
        (["--code", "-"], CODE),
        (["--file", "-"], CODE),
        (["-"], CODE),
        ([], CODE),
    ],
)
@pytest.mark.usefixtures("file")
def test_code_from_an_argument_a_file_or_standard_input(sfm2: Sfm2, arguments: list[str], stdin: str) -> None:
    result = sfm2("explain", *arguments, stdin=stdin)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{SAID}\n\n{READ}\n", "")


@pytest.mark.parametrize("more", [["--file", "code.py"], ["code.py"]], ids=" ".join)
@pytest.mark.usefixtures("file")
def test_one_is_expected(sfm2: Sfm2, more: list[str]) -> None:
    result = sfm2("explain", "--code", CODE, *more)
    assert (result.returncode, "Give one of FILE, --code and --file" in result.stderr) == (2, True)


def test_nothing_on_a_terminal(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, "explain"], environment) as terminal:
        code, seen = terminal.end()
    assert (code, "Give a file, or the code with --code, or on standard input" in seen) == (2, True)


def test_code_where_a_file_is_expected(sfm2: Sfm2) -> None:
    result = sfm2("explain", "lambda x: x & -x")
    assert result.returncode == 2
    assert result.stderr.splitlines()[1] == "hint: Check the path; --code takes the code itself"


def test_some_lines_of_a_file(sfm2: Sfm2, file: Path) -> None:
    file.write_text("class A:\n    def f(self):\n        return 1\n")
    sent = json.loads(sfm2("explain", "code.py:2-3", "--json").stdout)["tokens"]["prompt"]
    whole = json.loads(sfm2("explain", "code.py", "--json").stdout)["tokens"]["prompt"]
    assert 0 < sent < whole
    past = sfm2("explain", "code.py:2-9")
    assert (past.returncode, past.stderr.splitlines()[0]) == (2, "error: line 9 is past the end: the file has 3 lines")


def test_a_terminal_sees_the_words_as_they_come(environment: dict[str, str]) -> None:
    slow = "# echo-slow:" + " word" * 100 + " last"
    with on_terminal([*SFM2, "explain", "--code", slow], environment) as terminal:
        assert "last" not in plain(terminal.read_until("word word word"))


def test_json_is_the_response(sfm2: Sfm2) -> None:
    result = json.loads(sfm2("explain", "--code", CODE, "--json", "--max-length", "5").stdout)
    assert (result["explanation"], result["model_used"]) == (SAID, "echo")


def test_a_server_explains(sfm2: Sfm2, server_url: str) -> None:
    assert sfm2("explain", "--code", CODE, "--api-url", server_url).stdout == f"{SAID}\n\n{READ}\n"


def test_empty_code(sfm2: Sfm2) -> None:
    result = sfm2("explain", "--code", "")
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, "error: code: must not be empty")


def test_words_that_the_code_refutes_are_left_out(sfm2: Sfm2) -> None:
    said = "It calls itself. It returns a number."
    result = sfm2("explain", "--code", f"{CODE}  # echo:{said}")
    assert result.stdout == f"It returns a number.\n\n{READ}\n"
    result = sfm2("explain", "--code", f"{CODE}  # echo:It calls itself.")
    assert result.stdout == READ.removeprefix("Read off the code:\n") + "\n"


def test_a_language_that_cannot_be_read_has_words_alone(sfm2: Sfm2) -> None:
    assert sfm2("explain", "--code", "let x = 1\necho:It is one.", "--language", "swift").stdout == "It is one.\n"
