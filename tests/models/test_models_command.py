"""`sfm2 models`, called by a user or a program."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sfm2.cli.commands.models import models
from sfm2.cli.progress import shown_progress
from sfm2.config import Settings
from sfm2.errors import WeightsError
from sfm2.models.store import ModelStore

DEFAULT = "qwen2.5-coder-0.5b"


def run(*arguments: str) -> Result:
    """Run the command; errors are raised, as only the root command prints them."""
    return CliRunner().invoke(models, arguments, catch_exceptions=False)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFM2_STORAGE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_list_shows_the_catalogue(empty_cache: Path) -> None:
    lines = run("list").stdout.splitlines()
    assert lines[0].split()[:5] == ["*", DEFAULT, "491", "MB", "-"]
    assert "Apache-2.0" in lines[1]
    assert not empty_cache.exists()


def test_list_for_programs(empty_cache: Path) -> None:
    first, second = json.loads(run("list", "--json").stdout)
    assert (first["name"], first["installed"], first["bytes"]) == (DEFAULT, False, 491_400_064)
    assert second["completion"] == {"form": "psm", "humaneval": None, "infilling": 0.86}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["path", DEFAULT], "not installed"),
        (["path", "qwen2.5-coder-0.5"], f"did you mean {DEFAULT}"),
        (["verify"], "no weights on this machine"),
        (["verify", DEFAULT], "not installed"),
        (["rm", DEFAULT], "are not installed"),
        (["pull", "gpt-9"], "no model 'gpt-9'"),
    ],
)
def test_errors(empty_cache: Path, arguments: list[str], words: str) -> None:
    with pytest.raises(WeightsError, match=words):
        run(*arguments)


def test_a_wrong_file_is_not_taken(empty_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.gguf").write_bytes(b"GGUF")
    with pytest.raises(WeightsError, match="wrong contents: 4 bytes"):
        run("pull", "--from", str(tmp_path / "wrong.gguf"))
    assert not list(empty_cache.rglob("*.gguf"))


def test_progress_in_plain_lines() -> None:
    stream = io.StringIO()
    with shown_progress(stream) as progress:
        progress("a remark", 0, 0)
        for done in range(101):
            progress("downloading", done * 1_000_000, 100_000_000)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["a remark", "downloading 0 % of 100 MB"]
    assert lines[-1] == "downloading 100 % of 100 MB"
    assert len(lines) == 12


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_as_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with shown_progress(stream) as progress:
        progress("from [somewhere]", 0, 0)
        progress("downloading", 50, 100)
        progress("verifying", 10, 100)
    assert "from [somewhere]" in stream.getvalue()
    assert "verifying" in stream.getvalue()


@pytest.mark.engine
def test_the_real_weights(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the default cache into an empty one and back out: pull, path, verify, rm."""
    monkeypatch.delenv("SFM2_STORAGE_CACHE_DIR")
    real = ModelStore(Settings().storage.cache_dir).path(DEFAULT)
    monkeypatch.setenv("SFM2_STORAGE_CACHE_DIR", str(empty_cache))
    assert run("pull", "--from", str(real)).stdout.strip() == run("path", DEFAULT).stdout.strip()
    assert run("verify").stdout == f"{DEFAULT}: sound\n"
    assert "491 MB are free again" in run("rm", DEFAULT).stdout
    assert real.exists()
