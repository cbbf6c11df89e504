"""Every command that help, banner, demo and pages show for an answer: the shipped weights answer it right.

Where they can't, the example is the wrong one, not the test.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sfm2.cli.commands.serve import welcome
from sfm2.testing import ServerProcess
from tests.shown import defined, help_examples, run_line, simple_commands
from tests.test_docs import ROOT, SITE, snippets


@dataclass(frozen=True)
class Right:
    """What makes an answer right."""

    then: str = ""
    """Python that holds after the code that was printed or written"""
    says: str = ""
    """A regular expression that is found in what was printed, in any case"""
    never: str = r"(?!)"
    """One that is not"""
    written: str = ""
    """The file that the code is in, if it was not printed"""


SORTS = Right(then="assert all(merge_sort(list(x)) == sorted(x) for x in ([], [1], [2, 1], [5, 2, 9, 1, 5, -3, 0]))")
PRIME = Right(then="assert [n for n in range(-3, 30) if is_prime(n)] == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]")
AREA = Right(then="assert abs(area(2) - 12.566) < 0.001")
ADDS_UP = r"^ *(result|total) \+= price$|^ *(result|total) = (result|total) \+ price$"
ADDED = Right(says=ADDS_UP)
TOTAL = Right(then="assert total([1, 2, 3]) == 6", written="my_code.py")
SQUARES = Right(
    says=r"sum of (the |their )?squares|squares? of (the )?(two |both )?\w+.* (sum|add)", never="square of the sum"
)

ASKING = ("generate", "complete", "explain", "chat")
ANSWERED = {
    'sfm2 generate "def merge_sort(arr):"': SORTS,
    'sfm2 generate "def merge_sort(arr):" --max-length 200 --language python': SORTS,
    'sfm2 generate "def is_prime(n):"': PRIME,
    'sfm2 generate "def is_prime(n):" -m qwen2.5-coder-0.5b': PRIME,
    'sfm2 generate "def area(radius):" --json': AREA,
    'sfm2 generate "def area(radius):" --json | python -m json.tool': AREA,
    "sfm2 generate --language rust < start.rs": Right(says=r"n % 2 == 0"),
    "sfm2 complete my_code.py:42": ADDED,
    "sfm2 complete --file my_code.py --line 42": ADDED,
    "sfm2 complete my_code.py:42 --write": TOTAL,
    "sfm2 complete my_code.py:42:9 --mode line --write": TOTAL,
    "sfm2 complete - --line 3 --language go < main.go": Right(says=r"^ *sum\b"),
    "sfm2 explain some.py": Right(says=r"\barea\b"),
    "sfm2 explain some.py:10-25": Right(says=r"\bmean\b|\baverage\b"),
    'sfm2 explain --code "def mysterious_function(x, y): return x**2 + y**2"': SQUARES,
    "git diff | sfm2 explain": Right(says=r"\barea\b|width|height"),
    'sfm2 chat "Which Python module parses command line arguments?"': Right(says=r"\bargparse\b"),
    'git diff | sfm2 chat "Describe this change in one sentence."': Right(says=r"\barea\b|height|width|perimeter"),
}
NOT_RUN = {"sfm2 chat": "a conversation; its one-off form is above"}

LINES_1_TO_38 = "\n\n".join(f"def price_{i}(amount):\n    return amount * {i}\n" for i in range(1, 11))
FILES = {
    "my_code.py": LINES_1_TO_38
    + "def total(prices):\n    result = 0\n    for price in prices:\n        \n    return result\n",
    "start.rs": "fn is_even(n: u32) -> bool {\n",
    "main.go": "func add(a, b int) int {\n\tsum := a + b\n\treturn \n}\n",
    "some.py": "def area(width, height):\n    return width * height\n" + "\n" * 8 + "def mean(numbers):\n"
    "    if not numbers:\n        raise ValueError('no numbers')\n    return sum(numbers) / len(numbers)\n" + "\n" * 12,
}


def shown() -> Iterator[str]:
    """Every line to type that asks for an answer, without those that have names to fill in."""
    lines = [line for lines in help_examples().values() for line in lines]
    lines += re.findall(r"sfm2 .*", welcome("http://127.0.0.1:8000"))
    lines += re.findall(r"^ +(sfm2 .*)$", (ROOT / "examples/demo.py").read_text(encoding="utf-8"), re.MULTILINE)
    for page in sorted(SITE.glob("*.md")):
        lines += [line for part in snippets(page, "bash") for line in part.replace("\\\n", " ").splitlines()]
    for line in lines:
        asking = [words for words in simple_commands(line) if words[0] == "sfm2" and words[1:2] and words[1] in ASKING]
        if asking and "FILE" not in line:
            yield line.split("  #")[0].rstrip()


def test_every_shown_command_that_asks_is_in_the_table() -> None:
    lines = set(shown())
    assert len(lines) > 10
    assert lines - set(ANSWERED) - set(NOT_RUN) == set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with the files that the examples name, and a change that is not committed."""
    place = tmp_path / "repository"
    place.mkdir()
    for name, text in FILES.items():
        (place / name).write_text(text, encoding="utf-8")
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *command], cwd=place, check=True)
    (place / "some.py").write_text(FILES["some.py"].replace("width * height", "max(0, width) * max(0, height)"))
    return place


@pytest.mark.engine
@pytest.mark.parametrize("line", ANSWERED)
def test_the_answer_is_right(line: str, folder: Path, patient_server: ServerProcess) -> None:
    right, printed = ANSWERED[line], run_line(line, patient_server, folder)
    code = json.loads(printed)["generated_code"] if "--json" in line else printed
    if right.says:
        assert re.search(right.says, code, re.IGNORECASE | re.MULTILINE), printed
    assert not re.search(right.never, code, re.IGNORECASE), printed
    if right.then:
        names = defined((folder / right.written).read_text(encoding="utf-8") if right.written else code)
        exec(right.then, names)


def test_the_hole_of_the_examples_is_at_line_42_and_column_9() -> None:
    assert FILES["my_code.py"].split("\n")[41] == " " * 8
