"""One version in one place: every copy is checked, and one command writes them all."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import sfm2
from release import version

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of this repository that have a version, in a folder of their own."""
    for path in [ROOT / version.SOURCE, *(path for path, _ in version.rewritten(ROOT, sfm2.__version__))]:
        copied = tmp_path / path.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    monkeypatch.setattr(version, "ROOT", tmp_path)
    return tmp_path


def test_every_file_has_the_version_of_the_package() -> None:
    assert version.current() == sfm2.__version__
    done = CliRunner().invoke(version.main, ["--check"])
    assert (done.exit_code, done.output) == (0, "")


def test_the_files_are_those_of_the_javascript_packages() -> None:
    names = {path.relative_to(ROOT).as_posix() for path, _ in version.rewritten(ROOT, "1.2.3")}
    assert {
        "clients/js/package.json",
        "clients/js/package-lock.json",
        "clients/js/src/version.ts",
        "editors/vscode/package.json",
        "editors/vscode/package-lock.json",
        "page/package.json",
        "page/package-lock.json",
    } <= names


def test_a_new_version_is_written_everywhere(copy: Path) -> None:
    assert CliRunner().invoke(version.main, ["1.2.3rc1"]).exit_code == 0
    assert '__version__ = "1.2.3rc1"\n' in (copy / version.SOURCE).read_text(encoding="utf-8")
    assert 'VERSION = "1.2.3-rc.1";' in (copy / "clients/js/src/version.ts").read_text(encoding="utf-8")
    lock = json.loads((copy / "editors/vscode/package-lock.json").read_text(encoding="utf-8"))
    assert lock["version"] == lock["packages"][""]["version"] == "1.2.3-rc.1"
    assert lock["packages"]["../../clients/js"]["version"] == "1.2.3-rc.1"
    assert CliRunner().invoke(version.main, ["--check"]).exit_code == 0


def test_a_file_with_another_version_is_named(copy: Path) -> None:
    version.set_source(copy, "1.2.3")
    done = CliRunner().invoke(version.main, ["--check"])
    assert done.exit_code == 1
    assert "clients/js/src/version.ts" in done.output
    assert "not version 1.2.3" in done.output


@pytest.mark.parametrize("wrong", ["1.2", "v1.2.3", "1.2.3-rc.1"])
def test_what_is_no_version_is_refused(copy: Path, wrong: str) -> None:
    done = CliRunner().invoke(version.main, [wrong])
    assert done.exit_code == 2
    assert version.current(copy) == sfm2.__version__


def test_nothing_but_versions_changes() -> None:
    """Files are written as npm writes them, so that `npm install` leaves no difference."""
    for path, text in version.rewritten(ROOT, sfm2.__version__):
        assert text == path.read_text(encoding="utf-8")


def test_the_changelog_has_the_version_and_names_unreleased_changes_first() -> None:
    headings = re.findall(r"^## \[([^]]+)\]", CHANGELOG, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert sfm2.__version__ in headings


def test_the_api_of_the_last_release_is_kept() -> None:
    released = re.findall(r"^## \[(\d[^]]*)\]", CHANGELOG, re.MULTILINE)
    kept = json.loads((ROOT / "release" / "openapi.json").read_text(encoding="utf-8"))
    assert kept["info"]["version"] == released[0]
