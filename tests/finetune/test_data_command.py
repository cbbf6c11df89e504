"""`sfm2 finetune data`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from sfm2.cli.commands.finetune.data import data_command
from sfm2.cli.invocation import Invocation
from sfm2.errors import InvalidRequestError
from tests.finetune.git_repositories import Repository, module


def called(*arguments: object) -> Result:
    return CliRunner().invoke(data_command, [str(one) for one in arguments], obj=Invocation(None))


def test_a_repository_becomes_examples(tmp_path: Path) -> None:
    made = Repository(tmp_path / "shop")
    for name in ("ada", "bob", "cyd"):
        made.commit(**{f"{name}_py": module(name)})
    made.commit(broken_py="def (:\n" * 60)
    shown = called(made.folder, "--output", tmp_path / "out")
    assert shown.exit_code == 0
    assert "files in python" in shown.stdout
    assert "examples held out" in shown.stdout
    assert "files: does not parse" in shown.stdout
    assert shown.stderr == f"Written to {tmp_path / 'out'}. Kept apart from humaneval.\n"
    manifest = json.loads(called(made.folder, "--output", tmp_path / "out", "--json", "--limit", 3).stdout)
    assert manifest["train"]["examples"] == 3


def test_evaluation_data_beside_it_is_kept_apart(tmp_path: Path) -> None:
    from sfm2.evals.suites import humaneval

    task = humaneval.load(None, 1)[0]
    made = Repository(tmp_path / "shop")
    made.commit(ada_py=module("ada"), bob_py=module("bob"))
    made.commit(known_py=task.prefix + (task.expected or "") + "\n\n" + module("cyd", 2))
    manifest = json.loads(called(made.folder, "--output", tmp_path / "out", "--json", "--held-out", 0).stdout)
    assert manifest["dropped"]["examples: in an evaluation set"] > 0


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    shown = called(empty, "--output", tmp_path / "out")
    assert isinstance(shown.exception, InvalidRequestError)
    assert "nothing to train on" in str(shown.exception)
    assert not (tmp_path / "out").exists()
    assert called("--output", tmp_path / "out").exit_code == 2


def test_only_examples_are_replaced(tmp_path: Path) -> None:
    made = Repository(tmp_path / "shop")
    made.commit(ada_py=module("ada"), bob_py=module("bob"))
    shown = called(made.folder, "--output", made.folder)
    assert isinstance(shown.exception, InvalidRequestError)
    assert "would be replaced" in str(shown.exception)
    assert (made.folder / "ada.py").is_file()
    (tmp_path / "out").mkdir()
    for _ in range(2):
        assert called(made.folder, "--output", tmp_path / "out").exit_code == 0
