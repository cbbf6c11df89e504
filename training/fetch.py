"""Fetches the packages of `corpus.txt` and unpacks them, each into a folder: `python training/fetch.py FOLDER`.

Wheels and npm's archives are what the packages' authors published; nothing in them is run. Their tests are left out:
thousands of lines that are like each other, and that nobody wants more of from a completion.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus.txt")
TESTS = ("tests", "test", "testing")


def main(folder: Path) -> None:
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        registry, name, version, _ = line.split(maxsplit=3)
        place = folder / name
        if place.is_dir():
            continue
        work = folder / f".{name}.partial"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        {"pypi": _wheel, "npm": _npm}[registry](name, version, work)
        for found in [path for path in work.rglob("*") if path.is_dir() and path.name in TESTS]:
            shutil.rmtree(found, ignore_errors=True)
        work.rename(place)
        print(f"{name} {version}", flush=True)


def _wheel(name: str, version: str, work: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(work)]
    subprocess.run([*command, f"{name}=={version}"], check=True)
    [wheel] = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work)  # noqa: S202 zipfile keeps what it writes below the folder
    wheel.unlink()


def _npm(name: str, version: str, work: Path) -> None:
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
    [packed] = work.glob("*.tgz")
    with tarfile.open(packed) as archive:
        archive.extractall(work, filter="data")
    packed.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
