"""A package's releases as a git repository with a commit each: `python benchmarks/releases.py PACKAGE FOLDER VERSION...`.

For machines that reach the package index but no git server: it shows which code is new in a release. The dates are invented,
a day apart in the order of the versions.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

_START, _DAY = 1_700_000_000, 86_400  # seconds


def main(package: str, folder: Path, versions: list[str]) -> None:
    folder.mkdir(parents=True)
    _git(folder, 0, "init", "-q")
    for number, version in enumerate(versions):
        for old in folder.iterdir():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        _unpack(f"{package}=={version}", folder)
        _git(folder, number, "add", "-A")
        _git(folder, number, "commit", "-q", "-m", version)


def _unpack(requirement: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as work:
        command = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", work)
        subprocess.run([*command, requirement], check=True)
        [wheel] = Path(work).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)


def _git(folder: Path, number: int, *arguments: str) -> None:
    date = f"{_START + number * _DAY} +0000"
    who = {"NAME": "releases", "EMAIL": "releases@example.org", "DATE": date}
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    environment |= {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    command = ("git", "-C", str(folder), *arguments)
    subprocess.run(command, check=True, env=environment)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
