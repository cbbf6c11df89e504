"""`sfm2 finetune run` on tiny weights: from examples to an adapter that the engine runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sfm2.cli.commands.finetune.data import data_command
from sfm2.cli.invocation import Invocation
from sfm2.config import load
from sfm2.core import ModelManager
from sfm2.errors import AdapterError, InvalidRequestError
from sfm2.models.adapters import Adapter, AdapterStore, read_adapter
from sfm2.prompts import FAMILIES
from tests.engines import tiny, tiny_adapter
from tests.finetune.git_repositories import Repository, module

pytestmark = [
    pytest.mark.hf,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with tiny weights."""
    home = tmp_path_factory.mktemp("home")
    given = {
        "models": {
            "sfm2": {"path": str(tiny.write(home / "tiny.gguf", marks=FAMILIES[0].special_tokens)), "context": 512}
        },
        "storage": {"cache_dir": str(home / "cache"), "data_dir": str(home / "data")},
    }
    path = home / "config.json"
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return examples_of(tmp_path_factory.mktemp("repository"), "ada", "bob", "cyd", "dan")


def examples_of(folder: Path, *names: str) -> Path:
    made = Repository(folder / "shop")
    for name in names:
        made.commit(**{f"{name}_py": module(name)})
    given = [str(made.folder), "--output", str(folder / "data"), "--room", "300"]
    CliRunner().invoke(data_command, given, obj=Invocation(None), catch_exceptions=False)
    return folder / "data"


def run(config: Path, data: Path, output: Path, *options: object) -> Result:
    from sfm2.cli.commands.finetune.run import run_command

    given = (data, "--output", output, "--row", 512, "--rows", 1, "--steps", 2, *options)
    return CliRunner().invoke(run_command, [str(one) for one in given], obj=Invocation(config))


def read(folder: Path) -> Adapter:
    return read_adapter(folder, folder.name)


@pytest.fixture(scope="module")
def mine(config: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("out") / "mine"
    shown = run(config, data, output, "--rank", 8, "--learning-rate", 0.01)
    assert shown.exception is None, shown.stderr
    assert shown.stdout == f"{output}\n"
    assert "tokens to read" in shown.stderr
    return output


def test_the_engine_answers_with_what_was_learnt(config: Path, mine: Path) -> None:
    assert {"adapter_model.safetensors", "adapter_config.json", "adapter.gguf", "manifest.json"} <= {
        file.name for file in mine.iterdir()
    }
    settings = load(path=config).settings
    AdapterStore(settings.storage.data_dir).add(mine)
    with ModelManager(settings) as manager:
        asked: dict[str, Any] = {
            "prompt": "def total(",
            "suffix": ")\n",
            "max_length": 8,
            "temperature": 0,
            "guard": False,
        }
        alone, adapted = (manager.generate(**asked, adapter=name) for name in ("none", "mine"))
    assert (alone.adapter, adapted.adapter) == (None, "mine")
    assert adapted.weights == f"{alone.weights}+{read(mine).digest}"
    assert adapted.completion != alone.completion


def test_it_goes_on_from_an_adapter_with_its_rank_and_its_place(
    config: Path, data: Path, mine: Path, tmp_path: Path
) -> None:
    store = AdapterStore(load(path=config).settings.storage.data_dir)
    store.add(mine, "holes", holes_only=True)
    shown = run(config, data, tmp_path / "more", "--from", "holes")
    assert shown.exception is None, shown.stderr
    assert "starts from holes" in shown.stderr
    more = read(tmp_path / "more")
    assert (more.rank, more.holes_only) == (8, True)
    assert more.digest != read(mine).digest


def test_what_is_in_use_is_gone_on_from_unless_none_is_asked_for(
    config: Path, data: Path, mine: Path, tmp_path: Path
) -> None:
    store = AdapterStore(load(path=config).settings.storage.data_dir)
    store.use(store.add(mine, "used").name)
    try:
        assert "starts from used" in run(config, data, tmp_path / "more", "--dry-run").stderr
        assert "starts from" not in run(config, data, tmp_path / "more", "--dry-run", "--from", "none").stderr
    finally:
        store.use("none")
    assert not (tmp_path / "more").exists()


def test_an_adapter_of_other_weights_is_not_gone_on_from(config: Path, data: Path, tmp_path: Path) -> None:
    other = tiny_adapter.write(tmp_path / "other", "b" * 64, 1, name="elsewhere")
    shown = run(config, data, tmp_path / "more", "--from", other)
    assert isinstance(shown.exception, AdapterError)
    assert "bbbbbbbbbbbb" in shown.exception.message
    assert not (tmp_path / "more").exists()


def test_a_gpt2_begins_anew(config: Path, data: Path, mine: Path, tmp_path: Path) -> None:
    shown = run(config, data, tmp_path / "more", "--base", "config:gpt2-small", "--from", mine)
    assert shown.exit_code == 2
    assert "--from" in shown.stderr


def test_examples_that_are_too_long_for_a_row_are_told(config: Path, data: Path, tmp_path: Path) -> None:
    shown = run(config, data, tmp_path / "short", "--row", 360, "--dry-run")
    assert "are longer than 360 tokens and are left out (--row)" in shown.stderr


def test_a_folder_goes_on_only_with_the_data_that_it_began_with(config: Path, mine: Path, tmp_path: Path) -> None:
    shown = run(config, examples_of(tmp_path, "eve", "fay"), mine, "--rank", 8, "--learning-rate", 0.01)
    assert isinstance(shown.exception, InvalidRequestError)
    assert "data" in shown.exception.message


def test_no_folder_of_examples(config: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    shown = run(config, tmp_path / "nothing", tmp_path / "more")
    assert isinstance(shown.exception, InvalidRequestError)
    assert "sfm2 finetune data" in str(shown.exception.suggestion)
