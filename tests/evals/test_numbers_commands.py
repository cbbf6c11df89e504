"""`sfm2 eval compare`, `calibrate` and `report` on results files."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import click
import pytest
from click.testing import CliRunner, Result

from sfm2.cli.commands.eval.calibrate import calibrate_command
from sfm2.cli.commands.eval.compare import compare_command
from sfm2.cli.commands.eval.report import report_command
from sfm2.cli.invocation import Invocation
from sfm2.config import Loaded, Settings
from sfm2.core.confidence import Calibrations, calibrations_folder
from sfm2.errors import InvalidRequestError
from sfm2.server.usage.feedback import CompletionRecord, Report
from sfm2.server.usage.store import Store
from sfm2.types import Outcome
from tests.evals.sample_records import WEIGHTS, record, results_file, simulated


def called(command: click.Command, *arguments: object, settings: Settings | None = None) -> Result:
    invocation = Invocation(None)
    if settings is not None:
        Loaded.__init__(invocation, settings, {}, [])
    return CliRunner().invoke(command, [str(one) for one in arguments], obj=invocation)


@pytest.fixture
def storage(tmp_path: Path) -> Settings:
    return Settings.model_validate({"storage": {"data_dir": tmp_path / "data", "cache_dir": tmp_path / "cache"}})


@pytest.fixture
def off(tmp_path: Path) -> Path:
    records = [record(f"i{number}", passed=number == 0) for number in range(8)]
    return results_file(tmp_path / "off.jsonl", records, guard=False, limit=8)


@pytest.fixture
def on(tmp_path: Path) -> Path:
    records = [record(f"i{number}", passed=number > 0) for number in range(9)]
    return results_file(tmp_path / "on.jsonl", records, guard=True, limit=8)


def test_compare_says_what_differs_and_how_sure_that_is(off: Path, on: Path) -> None:
    shown = called(compare_command, off, on)
    assert shown.exit_code == 0
    assert "guard: A false, B true" in shown.output
    assert "limit:" not in shown.output
    assert "8 pairs; 0 only in A and 1 only in B are left out" in shown.output
    row = next(line for line in shown.output.splitlines() if line.startswith("pass"))
    assert row.split()[2:6] == ["8", "12.5", "87.5", "+75.0"]
    assert row.split()[-3:] == [f"{2 * 9 / 256:.4f}", "7", "1"]
    assert "i3" not in shown.output


def test_compare_lists_the_changed_items(off: Path, on: Path) -> None:
    shown = called(compare_command, off, on, "--list").output
    assert "pass, gained:" in shown
    assert shown.index("i7") < shown.index("lost:") < shown.index("  i0")


def test_compare_speaks_json(off: Path, on: Path) -> None:
    found = json.loads(called(compare_command, off, on, "--json").output)
    assert found["only_b"] == 1
    assert found["measures"]["pass"]["lost"] == ["i0"]
    assert found["measures"]["pass"]["difference"] == pytest.approx(0.75)


def test_calibrate_writes_what_confidence_applies(tmp_path: Path) -> None:
    first = results_file(tmp_path / "a.jsonl", simulated(200), suite="repo")
    second = results_file(tmp_path / "b.jsonl", simulated(200, 1), suite="mbpp")
    shown = called(calibrate_command, first, second, "--output", tmp_path / "calibration.json")
    assert shown.exit_code == 0
    assert "ECE, 15 bins of equal width (the goal's)" in shown.output
    document = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert document["weights"] == WEIGHTS
    assert document["suites"] == ["mbpp", "repo"]
    assert set(document["features"]) == {"likelihood", "undefined"}
    abstained = sum(one.empty for one in simulated(200) + simulated(200, 1))
    assert document["fitted_on"] == 400 - abstained


def test_calibrate_checks_the_fit_on_other_results_by_language_and_kind(tmp_path: Path) -> None:
    learnt = results_file(tmp_path / "a.jsonl", simulated(600))
    others = [replace(one, language="go" if at % 2 else "rust") for at, one in enumerate(simulated(400, 1))]
    shown = called(calibrate_command, learnt, "--dry-run", "--check", results_file(tmp_path / "b.jsonl", others))
    rows = {line.split()[0]: line.split() for line in shown.output.splitlines() if line.strip()}
    for name in ("go", "rust", "block", "all"):
        ece, by_chance, skill, auroc = map(float, rows[name][4:])
        assert 0.5 * by_chance < ece < 2.5 * by_chance, "the simulated model is the same"
        assert skill > 0.1
        assert auroc > 0.7
    assert int(rows["go"][1]) + int(rows["rust"][1]) == int(rows["all"][1]) == sum(not one.empty for one in others)


def test_calibrate_refuses_what_no_guard_has_read(tmp_path: Path, storage: Settings) -> None:
    raw = results_file(tmp_path / "raw.jsonl", simulated(300), guard=False)
    refused = called(calibrate_command, raw, settings=storage)
    assert isinstance(refused.exception, InvalidRequestError)
    assert "results without the guard" in str(refused.exception)


def test_calibrate_keeps_it_where_servers_look(tmp_path: Path, storage: Settings) -> None:
    results = results_file(tmp_path / "a.jsonl", simulated(300))
    shown = called(calibrate_command, results, "--dry-run", settings=storage)
    assert (shown.exit_code, list(tmp_path.glob("cache/**/*.json"))) == (0, [])
    called(calibrate_command, results, settings=storage)
    found = Calibrations(calibrations_folder(storage.storage.cache_dir))
    features = {"likelihood": 2.0, "undefined": 0.0, "no_logprobs": 0.0, "mean_logprob": -1.0}
    assert found.estimate(features, WEIGHTS, as_fitted=True).calibrated


def test_calibrate_learns_from_feedback(tmp_path: Path, storage: Settings) -> None:
    store_feedback(storage, WEIGHTS, 250)
    shown = called(calibrate_command, "--feedback", settings=storage)
    assert shown.exit_code == 0
    document = json.loads((storage.storage.cache_dir / "calibrations" / f"{WEIGHTS}.json").read_text(encoding="utf-8"))
    assert (document["suites"], document["fitted_on"]) == (["feedback"], 250)
    assert document["features"]["likelihood"][2] > 0
    results = results_file(tmp_path / "a.jsonl", simulated(300))
    called(calibrate_command, results, "--feedback", "--output", tmp_path / "both.json", settings=storage)
    both = json.loads((tmp_path / "both.json").read_text(encoding="utf-8"))
    assert both["fitted_on"] == 250 + sum(not one.empty for one in simulated(300))


def test_feedback_about_several_weights_wants_one_named(storage: Settings) -> None:
    store_feedback(storage, WEIGHTS, 250)
    store_feedback(storage, "cd" * 32, 10)
    several = called(calibrate_command, "--feedback", settings=storage)
    assert isinstance(several.exception, InvalidRequestError)
    assert "abababababab, cdcdcdcdcdcd" in str(several.exception)
    assert called(calibrate_command, "--feedback", "--weights", "abab", settings=storage).exit_code == 0
    few = called(calibrate_command, "--feedback", "--weights", "CD", settings=storage)
    assert "10 completed items" in str(few.exception)
    assert called(calibrate_command, settings=storage).exit_code == 2


def store_feedback(settings: Settings, weights: str, count: int) -> None:
    """Store completions with feedback, as a server does."""
    store = Store.in_folder(settings.storage.data_dir)
    random = Random(0)
    for number in range(count):
        likelihood = random.gauss(0, 1)
        name, features = f"{weights[:2]}{number}", json.dumps({"likelihood": likelihood})
        at = time.time() - 3600 * (number % 24)
        completion = CompletionRecord(name, at, None, "sfm2", weights, 0.5, False, features)
        taken = likelihood + random.gauss(0, 1) > 0
        store.completions.record([completion], [Report(name, Outcome.ACCEPTED if taken else Outcome.REJECTED, None)])
    store.close()


def test_calibrate_refuses_results_of_several_weights(tmp_path: Path) -> None:
    first = results_file(tmp_path / "a.jsonl", simulated(200))
    second = results_file(tmp_path / "b.jsonl", simulated(200, weights="cd" * 32), weights="cd" * 32)
    shown = called(calibrate_command, first, second, "--output", tmp_path / "calibration.json")
    assert isinstance(shown.exception, InvalidRequestError)
    assert "2 different weights (abababababab, cdcdcdcdcdcd)" in str(shown.exception)
    assert not (tmp_path / "calibration.json").exists()


def test_report_names_its_page_and_tells_equal_file_names_apart(tmp_path: Path) -> None:
    paths = []
    for folder in ("monday", "tuesday"):
        (tmp_path / folder).mkdir()
        paths.append(results_file(tmp_path / folder / "repo.jsonl", [record("a"), record("b", tokens=3)]))
    shown = called(report_command, *paths, "--output", tmp_path / "report")
    assert shown.output.strip() == str(tmp_path / "report" / "report.md")
    assert "## tuesday/repo against monday/repo" in Path(shown.output.strip()).read_text(encoding="utf-8")


def test_a_file_that_is_not_there_is_a_wrong_argument(off: Path) -> None:
    shown = called(compare_command, off, off.parent / "gone.jsonl")
    assert shown.exit_code == 2
    assert "gone.jsonl" in shown.output
