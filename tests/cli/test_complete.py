"""`sfm2 complete`, as a process. The echo backend repeats the last word before the cursor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfm2.testing import ScriptedBackend, forever, serve
from tests.cli.conftest import SFM2, Sfm2
from tests.cli.on_terminal import on_terminal, plain
from tests.server.live import settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_code.py"
    path.write_bytes(b"# first\r\n\t# second  # \xc3\xa9\r\n# echo:third = 3")
    return path


def test_a_pipe_gets_the_completion(sfm2: Sfm2, file: Path) -> None:
    result = sfm2("complete", "--file", "my_code.py", "--line", "1")
    assert (result.returncode, result.stdout, result.stderr) == (0, " first\n", "")


@pytest.mark.parametrize(
    "place",
    [
        ["my_code.py:1"],
        ["my_code.py:1:8"],
        ["my_code.py", "--line", "1"],
        ["my_code.py:1", "--column", "8"],
        ["-f", "my_code.py", "--line", "1"],
        ["my_code.py:1", "--file", "my_code.py", "--line", "1"],
    ],
    ids=" ".join,
)
def test_the_place_as_compilers_write_it(sfm2: Sfm2, file: Path, place: list[str]) -> None:
    result = sfm2("complete", *place)
    assert (result.returncode, result.stdout, result.stderr) == (0, " first\n", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my_code.py:1", "--line", "2"], "--line: my_code.py is given with another line"),
        (["my_code.py:1", "--file", "other.py"], "--file: my_code.py is given with another file"),
        (["my_code.py:1:2", "--column", "3"], "--column: my_code.py is given with another column"),
        (["my_code.py:0"], "a line is counted from 1"),
        (["my_code.py"], "Missing option '--line', or a line after the file: my_code.py:42"),
        ([], "Missing argument FILE:LINE, such as my_code.py:42"),
        (["-", "--line", "1", "--write"], "standard input is no file to write to"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_place_that_is_unclear(sfm2: Sfm2, file: Path, arguments: list[str], message: str) -> None:
    result = sfm2("complete", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr


def test_standard_input_is_completed_like_a_file(sfm2: Sfm2) -> None:
    assert sfm2("complete", "-", "--line", "1", "-l", "py", stdin="# first\n# second").stdout == " first\n"


def test_the_column_counts_characters(sfm2: Sfm2, file: Path) -> None:
    at_e = sfm2("complete", "--file", "my_code.py", "--line", "2", "--column", "11")
    assert at_e.stdout == " second\n"
    assert sfm2("complete", "--file", "my_code.py", "--line", "2").stdout == " é\n"


@pytest.mark.parametrize(
    ("place", "content"),
    [
        (["--line", "1"], b"# first first\r\n\t# second  # \xc3\xa9\r\n# echo:third = 3"),
        (["--line", "2", "--column", "10"], b"# first\r\n\t# second second  # \xc3\xa9\r\n# echo:third = 3"),
        (["--line", "4"], b"# first\r\n\t# second  # \xc3\xa9\r\n# echo:third = 3\r\nthird = 3"),
    ],
    ids=["line end", "column", "new line"],
)
def test_write_puts_it_there_and_leaves_the_rest(sfm2: Sfm2, file: Path, place: list[str], content: bytes) -> None:
    result = sfm2("complete", "--file", "my_code.py", *place, "--write")
    assert (result.returncode, result.stdout) == (0, "")
    assert file.read_bytes() == content


def test_json_is_the_response(sfm2: Sfm2, file: Path) -> None:
    result = json.loads(sfm2("complete", "--file", "my_code.py", "--line", "1", "--json", "--max-length", "1").stdout)
    assert (result["completion"], result["model_used"]) == (" first", "echo")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--line", "42"], "line 42 is past the end: the file has 3 lines"),
        (["--line", "1", "--column", "99"], "column 99 is past the end of line 1, which has 7 characters"),
        (["--line", "0"], "Invalid value for '--line'"),
        (["--line", "1", "--column", "0"], "Invalid value for '--column'"),
        ([], "Missing option '--line'"),
    ],
    ids=["line", "column", "line 0", "column 0", "no line"],
)
def test_a_place_that_is_not_there(sfm2: Sfm2, file: Path, arguments: list[str], message: str) -> None:
    before = file.read_bytes()
    result = sfm2("complete", "--file", "my_code.py", "--write", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize(("raw", "message"), [(b"a\x00", "binary"), (b"\xff", "not UTF-8"), (None, "No such file")])
def test_a_file_that_is_no_text(sfm2: Sfm2, file: Path, raw: bytes | None, message: str) -> None:
    file.unlink() if raw is None else file.write_bytes(raw)
    result = sfm2("complete", "--file", "my_code.py", "--line", "1")
    assert (result.returncode, message in result.stderr) == (2, True)


def test_a_file_that_is_read_only_is_left_alone(file: Path, environment: dict[str, str], sfm2: Sfm2) -> None:
    file.chmod(0o444)
    if file.stat().st_uid == 0:
        pytest.skip("root may write everything")
    result = sfm2("complete", "--file", "my_code.py", "--line", "1", "--write")
    assert (result.returncode, "read-only" in result.stderr) == (1, True)


def test_a_terminal_sees_the_completion_in_colour(environment: dict[str, str], file: Path) -> None:
    file.write_text('x = 1\n# echo:"text"')
    with on_terminal([*SFM2, "complete", "--file", str(file), "--line", "2"], environment) as terminal:
        seen = terminal.end()[1]
    code = next(line for line in seen.splitlines() if "text" in line)
    assert plain(code).replace("\r", "") == '"text"'
    assert code != plain(code)
    assert "echo, in this process" in seen


def test_a_server_completes(sfm2: Sfm2, file: Path, server_url: str) -> None:
    assert sfm2("complete", "--file", "my_code.py", "--line", "1", SFM2_API_URL=server_url).stdout == " first\n"


def test_a_terminal_sees_a_line_while_the_next_is_not_written_yet(environment: dict[str, str], file: Path) -> None:
    file.write_text("def f():\n")
    backend = ScriptedBackend("sfm2", "    x = 1\n", "    y = 2\n", forever)
    settings = settings_for(file.parent)
    with (
        serve(settings, [backend]) as server,
        on_terminal(
            [*SFM2, "complete", f"{file}:2", "--api-url", server.url], environment | {"NO_COLOR": "1"}
        ) as terminal,
    ):
        terminal.read_until("x = 1\n")
        assert backend.running == 1


def test_a_terminal_sees_all_choices(environment: dict[str, str], file: Path) -> None:
    with on_terminal([*SFM2, "complete", f"{file}:1", "-n", "2"], environment) as terminal:
        seen = plain(terminal.end()[1])
    assert "or, with confidence 0.90 (uncalibrated):\n" in seen
