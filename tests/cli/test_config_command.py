"""`sfm2 config`, as a process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sfm2.config import names
from tests.cli.conftest import Sfm2


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my.json"
    path.write_text('{"api": {"port": 8123}, "generation": {"timeout": 5}}')
    return path


def test_show_names_every_value_and_where_it_came_from(sfm2: Sfm2, file: Path) -> None:
    result = sfm2("--config", str(file), "config", "show", SFM2_GENERATION_TIMEOUT="7")
    rows = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert list(rows)[1:] == names()
    assert rows["api.port"] == ["0", "environment", "SFM2_API_PORT"]
    assert rows["generation.timeout"] == ["7.0", "environment", "SFM2_GENERATION_TIMEOUT"]
    assert rows["api.workers"] == ["1", "default"]


def test_show_for_programs(sfm2: Sfm2, file: Path) -> None:
    result = json.loads(sfm2("--config", str(file), "config", "show", "--json").stdout)
    assert result["settings"]["generation.timeout"] == {"value": 5, "origin": str(file)}
    assert result["warnings"] == []


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["table", "json"])
def test_secrets_are_masked(sfm2: Sfm2, form: list[str]) -> None:
    secret = {"OPENAI_API_KEY": "sk-hidden", "SFM2_LIMITS_RATE_STORAGE": "valkey://me:hidden@host:1"}
    result = sfm2("config", "show", *form, **secret)
    assert "hidden" not in result.stdout
    assert "**********" in result.stdout
    assert "valkey://me:**********@host:1" in result.stdout


def test_a_variable_that_is_no_setting_is_told(sfm2: Sfm2) -> None:
    typo = {"SFM2_API_PROT": "1"}
    message = "the environment variable SFM2_API_PROT is not a setting; did you mean SFM2_API_PORT?"
    assert message in sfm2("config", "show", **typo).stderr
    assert message in sfm2("generate", "x", **typo).stderr
    assert json.loads(sfm2("config", "show", "--json", **typo).stdout)["warnings"] == [message]


def test_a_wrong_setting_is_a_usage_error(sfm2: Sfm2, file: Path) -> None:
    file.write_text('{"api": {"prot": 1}}')
    result = sfm2("--config", str(file), "config", "show")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"unknown setting api.prot ({file}); did you mean api.port?" in result.stderr


def test_path_names_the_file_in_use(sfm2: Sfm2, file: Path, tmp_path: Path) -> None:
    assert sfm2("--config", str(file), "config", "path").stdout == f"{file}\n"
    assert sfm2("config", "path", SFM2_CONFIG=str(file)).stdout == f"{file}\n"
    default = sfm2("config", "path")
    assert default.stdout.endswith("config.json\n")
    assert "no such file" in default.stderr


def test_a_broken_file_does_not_hide_its_path(sfm2: Sfm2, file: Path) -> None:
    file.write_text("{")
    assert sfm2("--config", str(file), "config", "path").stdout == f"{file}\n"
