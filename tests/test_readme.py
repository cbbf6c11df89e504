"""What the README shows to type works as it is written, and what the shipped weights answer there is right."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sfm2.testing import ServerProcess
from tests.shown import defined, run_line
from tests.test_docs import ROOT, SITE, snippets

README = ROOT / "README.md"
SHELL = [line for part in snippets(README, "bash") for line in part.replace("\\\n", " ").splitlines()]


def test_the_figures_at_the_top_are_those_that_were_measured() -> None:
    first_screen = README.read_text(encoding="utf-8").partition("\n## ")[0]
    measured = (SITE / "evaluation.md").read_text(encoding="utf-8")
    figures = re.findall(r"[\d.,]+ %|[\d,]{5} single lines", first_screen)
    assert len(set(figures)) == 6
    for figure in figures:
        assert figure.replace(",", "").removesuffix(" single lines") in measured, figure


def test_the_moving_picture_is_small() -> None:
    picture = SITE / "images" / "ghost-text.gif"
    assert 0 < picture.stat().st_size < 500_000


def commands(*programs: str) -> list[str]:
    return [line for line in SHELL if shlex.split(line)[0] in programs]


@pytest.mark.engine
def test_the_command_line_answers_right(patient_server: ServerProcess, tmp_path: Path) -> None:
    said = {line: run_line(line, patient_server, tmp_path) for line in commands("sfm2", "printf")}
    (generated,) = (text for line, text in said.items() if "is_prime" in line)
    is_prime: Callable[[int], bool] = defined(generated)["is_prime"]
    assert [n for n in range(-2, 60) if is_prime(n)] == [n for n in range(2, 60) if all(n % d for d in range(2, n))]
    assert defined((tmp_path / "area.py").read_text(encoding="utf-8"))["area"](3, 4) == 12
    (explained,) = (text for line, text in said.items() if " explain " in line)
    assert re.search(r"\barea\b", explained)


@pytest.mark.engine
def test_the_request_is_answered_right(patient_server: ServerProcess, tmp_path: Path) -> None:
    (line,) = commands("curl")
    answer = json.loads(run_line(line, patient_server, tmp_path))
    asked = json.loads(shlex.split(line)[-1])
    assert defined(asked["prefix"] + answer["completion"] + asked["suffix"])["area"](3, 4) == 12


@pytest.mark.engine
def test_the_python_is_answered_right(patient_server: ServerProcess, tmp_path: Path) -> None:
    (program,) = snippets(README, "python")
    printed = run_line(shlex.join([sys.executable, "-c", program]), patient_server, tmp_path)
    completion, confidence = printed.strip().rsplit(" ", 1)
    assert 0 < float(confidence) <= 1
    assert defined(f"def mean(numbers):\n    return {completion}\n")["mean"]([1, 2, 6]) == 3
