"""The unit of systemd: what it may do, and that it starts what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from sfm2.config import load
from tests.deploy.tools import DEPLOY, said_by, tool
from tests.shown import faults, known_commands

UNIT = DEPLOY / "sfm2.service"
MOST_EXPOSED = 3.0


def values(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_it_is_hardened() -> None:
    said = said_by(tool("systemd-analyze"), "security", "--offline=yes", "--no-pager", UNIT)
    exposure = re.search(r"exposure level for sfm2\.service: ([\d.]+)", said)
    assert exposure, said
    assert float(exposure[1]) < MOST_EXPOSED


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    program = tmp_path / "sfm2"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    here = tmp_path / "sfm2.service"
    here.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/sfm2/bin/sfm2", str(program)), encoding="utf-8")
    assert said_by(tool("systemd-analyze"), "verify", "--man=no", here) == ""


def test_it_runs_a_command_with_settings_that_exist() -> None:
    [command] = values("ExecStart")
    words = shlex.split(command)
    assert list(faults([Path(words[0]).name, *words[1:]], known_commands())) == []
    loaded = load(environment=dict(value.split("=", 1) for value in values("Environment")))
    assert loaded.warnings == []
    assert float(values("TimeoutStopSec")[0]) > loaded.settings.api.shutdown_timeout
    folders = {str(loaded.settings.storage.data_dir), str(loaded.settings.storage.state_dir)}
    assert folders == {f"/var/lib/{name}" for name in values("StateDirectory")[0].split()}
    assert str(loaded.settings.storage.cache_dir) == f"/var/cache/{values('CacheDirectory')[0]}"
