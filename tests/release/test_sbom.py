"""The bill of materials of a release: every locked package, and the weights."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import sfm2
from release.sbom import completed, main, of_packages
from sfm2.models.catalogue import load_catalogue
from tests.deploy.tools import ROOT, tool

pytestmark = pytest.mark.slow
LOCKED = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
_VALIDATE = (
    "import sys; from cyclonedx.schema import SchemaVersion; from cyclonedx.validation.json import JsonStrictValidator;"
    "fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read());"
    "sys.exit(repr(fault) if fault else 0)"
)


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    tool("cyclonedx-py")
    return completed(of_packages(), sfm2.__version__, load_catalogue())


def test_it_names_every_locked_package_with_its_digests(bill: dict[str, Any]) -> None:
    locked = LOCKED.findall((ROOT / "requirements" / "run.txt").read_text(encoding="utf-8"))
    packages = [part for part in bill["components"] if part["type"] == "library"]
    assert sorted((part["name"], part["version"]) for part in packages) == sorted(locked)
    for part in packages:
        assert any(reference.get("hashes") for reference in part["externalReferences"]), part["name"]


def test_it_is_of_this_version_and_has_the_weights(bill: dict[str, Any]) -> None:
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"]) == ("sfm2", sfm2.__version__)
    models = {part["name"]: part["hashes"][0]["content"] for part in bill["components"] if "model" in part["type"]}
    assert models == {entry.name: entry.sha256 for entry in load_catalogue()}


def test_it_is_valid_and_the_same_each_time(bill: dict[str, Any], tmp_path: Path) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        assert CliRunner().invoke(main, [str(file)]).exit_code == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    python = Path(tool("cyclonedx-py")).with_name("python")
    done = subprocess.run([python, "-c", _VALIDATE, files[0]], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
