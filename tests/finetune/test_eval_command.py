"""`sfm2 finetune eval` on tiny weights, with a random adapter, which gains nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sfm2.cli.commands.finetune.data import data_command
from sfm2.cli.commands.finetune.eval import eval_command
from sfm2.cli.invocation import Invocation
from sfm2.errors import AdapterError, InvalidRequestError
from sfm2.evals.results import read
from sfm2.evals.suites import held_out
from sfm2.models.adapters import NONE, AdapterStore
from tests.engines import tiny, tiny_adapter
from tests.finetune.git_repositories import Repository, module

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with tiny weights."""
    home = tmp_path_factory.mktemp("home")
    given = {
        "models": {"sfm2": {"path": str(tiny.write(home / "tiny.gguf"))}},
        "storage": {"cache_dir": str(home / "cache"), "data_dir": str(home / "data")},
    }
    path = home / "config.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


@pytest.fixture
def gguf(config: Path) -> Path:
    return config.with_name("tiny.gguf")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    made = Repository(folder / "shop")
    for name in ("ada", "bob", "cyd", "dan"):
        made.commit(**{f"{name}_py": module(name)})
    CliRunner().invoke(data_command, [str(made.folder), "--output", str(folder / "data")], obj=Invocation(None))
    return folder / "data"


def called(config: Path, *arguments: object) -> Result:
    return CliRunner().invoke(eval_command, [str(one) for one in arguments], obj=Invocation(config))


def test_both_are_asked_the_same_and_compared(config: Path, gguf: Path, data: Path, tmp_path: Path) -> None:
    adapter = tiny_adapter.write(tmp_path / "Mine", gguf, 1)
    options = (data, "--adapter", adapter, "--limit", 3, "--output", tmp_path / "results")
    shown = called(config, *options, "--json")
    assert shown.exception is None, shown.stderr
    found = json.loads(shown.stdout)
    assert list(found) == ["held-out", "humaneval"]
    assert found["held-out"]["pairs"] == 3
    exact = found["held-out"]["measures"]["exact"]
    assert exact["interval"][0] <= exact["difference"] <= exact["interval"][1]
    base, mine = (read(tmp_path / "results" / f"held-out.{name}.jsonl") for name in ("none", "mine"))
    assert (base.header.weights or "").count("+") == 0
    assert (mine.header.weights or "").count("+") == 1
    assert {one.id for one in base.records} == {one.id for one in mine.records}

    again = called(config, *options)  # nothing is sent again
    assert "held-out, 3 pairs" in again.stdout
    again_read = read(tmp_path / "results" / "held-out.mine.jsonl").records
    assert [one for one in again_read if one.answered] == [one for one in mine.records if one.answered]


def test_it_is_not_in_use_by_being_measured(config: Path, gguf: Path, data: Path, tmp_path: Path) -> None:
    adapter = tiny_adapter.write(tmp_path / "quiet", gguf, 2)
    called(config, data, "--adapter", adapter, "--limit", 1, "--output", tmp_path / "results")
    store = AdapterStore(config.with_name("data"))
    quiet = store.find("quiet")
    assert store.in_use(quiet.base) is None


def test_it_is_compared_with_the_one_in_use(config: Path, gguf: Path, data: Path, tmp_path: Path) -> None:
    store = AdapterStore(config.with_name("data"))
    store.use(store.add(tiny_adapter.write(tmp_path / "older", gguf, 3)).name)
    try:
        adapter = tiny_adapter.write(tmp_path / "newer", gguf, 4)
        shown = called(config, data, "--adapter", adapter, "--limit", 1, "--output", tmp_path / "results")
        head = next(line for line in shown.stdout.splitlines() if line.startswith("MEASURE"))
        assert head.split()[2:4] == ["OLDER", "NEWER"]
    finally:
        store.use(NONE)


def test_an_adapter_of_other_weights_is_refused(config: Path, gguf: Path, data: Path, tmp_path: Path) -> None:
    adapter = tiny_adapter.write(tmp_path / "other", "b" * 64, 1, name="elsewhere")
    shown = called(config, data, "--adapter", adapter, "--output", tmp_path / "results")
    assert isinstance(shown.exception, AdapterError)
    assert "bbbbbbbbbbbb" in shown.exception.message


def test_held_out_items_are_holes_in_files(data: Path) -> None:
    items = held_out.load(data)
    lines = (data / "held_out.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert len(items) == len(lines)
    assert (items[0].prefix, items[0].expected, items[0].suffix) == (first["prefix"], first["middle"], first["suffix"])
    assert items[0].path == first["source"].removeprefix("shop/")


def test_without_anything_held_out_it_says_how_to_get_some(tmp_path: Path) -> None:
    (tmp_path / "held_out.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(InvalidRequestError, match="nothing was held out"):
        held_out.load(tmp_path)
    with pytest.raises(InvalidRequestError, match="no such file"):
        held_out.load(tmp_path / "nowhere")
