"""`sfm2 adapters`, as a person or a program calls it. What a running server makes of it: server/test_key_adapter.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sfm2.cli.exit_codes import Exit
from sfm2.config import Settings
from sfm2.models.adapters import WEIGHTS, read_adapter
from sfm2.models.catalogue import load_catalogue
from tests.cli.conftest import Sfm2
from tests.engines import tiny_adapter

pytestmark = pytest.mark.slow

SHIPPED = "sfm2-0.5b"
MODEL = Settings().models.sfm2.model
OURS, OTHER = load_catalogue().entry(MODEL).sha256, "b" * 64


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """Made for the default model."""
    return tiny_adapter.write(tmp_path / "one", OURS, 1, name=MODEL)


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    return tiny_adapter.write(tmp_path / "strange", OTHER, 2, name="elsewhere")


def listed(sfm2: Sfm2) -> list[dict[str, Any]]:
    """Those that were added."""
    found: list[dict[str, Any]] = json.loads(sfm2("adapters", "list", "--json").stdout)
    assert SHIPPED in [adapter["name"] for adapter in found if adapter["shipped"]]
    return [adapter for adapter in found if not adapter["shipped"]]


def in_use(sfm2: Sfm2) -> list[str]:
    found = json.loads(sfm2("adapters", "list", "--json").stdout)
    return [adapter["name"] for adapter in found if adapter["in_use"]]


def test_at_first_the_one_that_came_with_us_fills_holes(sfm2: Sfm2) -> None:
    result = sfm2("adapters", "list")
    assert result.returncode == Exit.OK
    assert result.stdout.split() == ["*", SHIPPED, MODEL, "rank", "16", "holes", "only;", "came", "with", "SFM-2"]
    assert "sfm2 finetune run" in result.stderr
    assert "came with SFM-2" in sfm2("adapters", "rm", SHIPPED).stderr


def test_where_an_adapter_answers_is_told_when_it_is_added(sfm2: Sfm2, one: Path) -> None:
    assert sfm2("adapters", "add", str(one), "--holes-only").returncode == Exit.OK
    assert [adapter["holes_only"] for adapter in listed(sfm2)] == [True]
    assert sfm2("adapters", "add", str(one), "--everywhere").returncode == Exit.OK
    assert [adapter["holes_only"] for adapter in listed(sfm2)] == [False]


def test_an_adapter_of_less_strength(sfm2: Sfm2, one: Path) -> None:
    assert sfm2("adapters", "add", str(one), "--name", "weak", "--strength", "0.25").returncode == 0
    assert [adapter["scale"] for adapter in listed(sfm2)] == [0.5]


def test_add_use_off_and_rm(sfm2: Sfm2, one: Path) -> None:
    added = sfm2("adapters", "add", str(one), "--name", "mine")
    assert added.returncode == 0
    assert "`sfm2 adapters use mine`" in added.stderr
    assert in_use(sfm2) == [SHIPPED]
    assert "mine answers" in sfm2("adapters", "use", "mine").stderr
    assert in_use(sfm2) == ["mine"]
    assert "without an adapter" in sfm2("adapters", "off").stderr
    assert in_use(sfm2) == []
    assert sfm2("adapters", "rm", "mine").returncode == 0
    assert listed(sfm2) == []
    assert one.is_dir(), "only the copy is deleted"


def test_the_list_marks_the_one_in_use_and_what_does_not_fit(sfm2: Sfm2, one: Path, strange: Path) -> None:
    for folder in (one, strange):
        sfm2("adapters", "add", str(folder))
    result = sfm2("adapters", "list")
    assert [line.split()[:4] for line in result.stdout.splitlines()] == [
        ["one", MODEL, "rank", "4"],
        ["*", SHIPPED, MODEL, "rank"],
        ["strange", "elsewhere", "rank", "4"],
    ]
    assert "for other weights than the settings name" in result.stdout.splitlines()[2]
    assert "answers requests that name no adapter" in result.stderr
    sfm2("adapters", "use", "one")
    assert [line.split()[0] for line in sfm2("adapters", "list").stdout.splitlines()] == ["*", SHIPPED, "strange"]
    sfm2("adapters", "off")
    assert "None is in use" in sfm2("adapters", "list").stderr


def test_the_list_for_programs(sfm2: Sfm2, one: Path, tmp_path: Path) -> None:
    sfm2("adapters", "add", str(one))
    assert listed(sfm2) == [
        {
            "name": "one",
            "in_use": False,
            "base": OURS,
            "base_name": MODEL,
            "rank": 4,
            "scale": 2.0,
            "holes_only": False,
            "digest": read_adapter(one, "one").digest,
            "path": str(tmp_path / "data" / "adapters" / "one"),
            "shipped": False,
        }
    ]


def test_the_list_tells_what_a_damaged_one_lacks(sfm2: Sfm2, one: Path, tmp_path: Path) -> None:
    sfm2("adapters", "add", str(one))
    (tmp_path / "data" / "adapters" / "one" / WEIGHTS).write_bytes(b"")
    result = sfm2("adapters", "list")
    assert result.returncode == Exit.OK
    assert "is damaged: it is not a safetensors file" in result.stderr


def test_one_for_other_weights_is_not_taken_into_use(sfm2: Sfm2, strange: Path) -> None:
    sfm2("adapters", "add", str(strange))
    result = sfm2("adapters", "use", "strange")
    assert result.returncode == Exit.USAGE
    assert OTHER[:12] in result.stderr
    assert OURS[:12] in result.stderr
    assert in_use(sfm2) == [SHIPPED]


@pytest.mark.parametrize("command", ["use", "rm"])
def test_an_unknown_name_is_an_error_that_tells_the_known(sfm2: Sfm2, one: Path, command: str) -> None:
    sfm2("adapters", "add", str(one))
    result = sfm2("adapters", command, "two")
    assert (result.returncode, result.stdout) == (Exit.USAGE, "")
    assert "there is no adapter 'two'; there are one, sfm2-0.5b" in result.stderr


def test_a_folder_that_is_no_adapter_is_not_added(sfm2: Sfm2, one: Path) -> None:
    (one / WEIGHTS).write_bytes(b"")
    result = sfm2("adapters", "add", str(one))
    assert result.returncode == Exit.USAGE
    assert "is damaged" in result.stderr
    assert listed(sfm2) == []


def test_a_damaged_one_is_left_out_and_can_be_removed(sfm2: Sfm2, one: Path, tmp_path: Path) -> None:
    sfm2("adapters", "add", str(one))
    sfm2("adapters", "add", str(one), "--name", "torn")
    sfm2("adapters", "use", "torn")
    path = tmp_path / "data" / "adapters" / "torn" / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1])
    assert [(adapter["name"], adapter["in_use"]) for adapter in listed(sfm2)] == [("one", False)]
    assert "is damaged" in sfm2("adapters", "use", "torn").stderr
    assert sfm2("adapters", "rm", "torn").returncode == 0
    assert not path.exists()


def test_with_a_server_elsewhere_any_may_be_chosen(sfm2: Sfm2, strange: Path) -> None:
    elsewhere = {"SFM2_MODELS_SFM2_URL": "http://127.0.0.1:9"}
    sfm2("adapters", "add", str(strange))
    assert sfm2("adapters", "use", "strange", **elsewhere).returncode == 0
    assert "other weights" not in sfm2("adapters", "list", **elsewhere).stdout
