"""The report: linked charts exist and are images, and the figures match the records."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sfm2.errors import InvalidRequestError
from sfm2.evals.reporting import LabelledResults, report
from tests.evals.sample_records import WEIGHTS, in_memory, record, simulated

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_page_links_charts_that_are_there(tmp_path: Path) -> None:
    runs = [
        LabelledResults("off", in_memory(simulated(300), guard=False)),
        LabelledResults("on", in_memory(simulated(300, 1, 1), guard=True)),
    ]
    page = report(runs, tmp_path / "new" / "folder")
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert linked == ["comparison.png", f"reliability-{WEIGHTS[:12]}.png"]
    for name in linked:
        assert (page.parent / name).read_bytes().startswith(PNG)
    assert "## on against off" in text
    assert "300 items in common" in text
    assert "| guard false |" in text


def test_the_figures_are_those_of_the_records(tmp_path: Path) -> None:
    records = [record(f"i{number}", passed=number < 3, empty=number == 9) for number in range(10)]
    text = report([LabelledResults("one", in_memory(records))], tmp_path).read_text(encoding="utf-8")
    assert re.search(r"\| pass \(%\) \| 30\.0 \(\d+\.\d to \d+\.\d; n = 10\) \|", text)
    assert re.search(r"\| parse, of non-empty \(%\) \| 100\.0 \(100\.0 to 100\.0; n = 9\) \|", text)
    assert re.search(r"\| abstain \(%\) \| 10\.0 ", text)
    assert "Not measured: no record has features" in text


def test_why_there_is_no_calibration_is_said_and_each_weights_has_its_own(tmp_path: Path) -> None:
    other = "cd" * 32
    runs = [
        LabelledResults("few", in_memory(simulated(50, weights=other), weights=other)),
        LabelledResults("many", in_memory(simulated(300))),
    ]
    text = report(runs, tmp_path).read_text(encoding="utf-8")
    assert re.search(r"Weights cdcdcdcdcdcd: not measured: \d+ completed items", text)
    assert (tmp_path / "reliability-abababababab.png").exists()
    assert not (tmp_path / "reliability-cdcdcdcdcdcd.png").exists()


def test_runs_of_different_suites_are_shown_and_not_compared(tmp_path: Path) -> None:
    runs = [
        LabelledResults("a|b", in_memory([record("x")], suite="mbpp")),
        LabelledResults("c", in_memory([record("x")])),
    ]
    text = report(runs, tmp_path).read_text(encoding="utf-8")
    assert "against" not in text
    assert "| a\\|b | mbpp |" in text


def test_a_run_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="none: no records"):
        report([LabelledResults("none", in_memory([]))], tmp_path)
