"""Download the packages of a list, and unpack each into a folder of its own: `python -m sfm2.corpus.packages LIST FOLDER`.

A line of a list names a registry, a package, its version and the SHA-256 of the archive that its authors published; what
else is on the line is for who reads the list. None of the packages' code is run. The registries, by their own clients:
  pypi     a wheel, by pip
  npm      an archive, by npm
  debian   the upstream source that stable has, by apt-get; only there are they to be had, and skipped elsewhere
With `--without-tests`, folders of tests are removed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sfm2.atomic import replacing_folder
from sfm2.models.digest import sha256_of

TESTS = ("tests", "test", "testing")
_SUITE = "trixie"
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Wheels of one platform, so that everybody reads the same files.
_WHEEL = ("--only-binary", ":all:", "--implementation", "cp", "--python-version", "3.12", "--platform", "any")
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux2010_x86_64")


class Package(NamedTuple):
    """A line of a list."""

    registry: str
    name: str
    version: str
    sha256: str
    rest: tuple[str, ...]
    """What else is on the line."""

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return self.name.lstrip("@").replace("/", "-")


def read(path: Path) -> Iterator[Package]:
    """The packages in the list `path`. Raises ValueError for a line that names none."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            try:
                registry, name, version, sha256, *rest = line.split()
            except ValueError:
                raise ValueError(f"{path}, line {number}: expected REGISTRY PACKAGE VERSION SHA256 ...") from None
            yield Package(registry, name, version, sha256, tuple(rest))


def fetch(package: Package, folder: Path) -> None:
    """Download and unpack a package into `folder`, unless that is there.

    Raises CalledProcessError when the registry's client fails, ValueError when it gave another archive.
    """
    if folder.is_dir():
        return
    with tempfile.TemporaryDirectory() as work, replacing_folder(folder) as partial:
        found = CLIENTS[package.registry](package, Path(work))
        if sha256_of(found) != package.sha256:
            raise ValueError(f"{package.name} {package.version}: {found.name} is not the archive that the list names")
        _unpack(found, partial)


def remove_tests(folder: Path) -> None:
    for found in [path for path in folder.rglob("*") if path.is_dir() and path.name in TESTS]:
        shutil.rmtree(found, ignore_errors=True)


def _wheel(package: Package, work: Path) -> Path:
    platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    command = [sys.executable, "-P", "-m", "pip", "download", "-q", "--no-deps", *_WHEEL, *platforms, "-d", str(work)]
    subprocess.run([*command, f"{package.name}=={package.version}"], check=True)
    return _only(work, "*.whl")


def _npm(package: Package, work: Path) -> Path:
    command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    subprocess.run(command, cwd=work, check=True, stdout=subprocess.DEVNULL)
    return _only(work, "*.tgz")


def _debian(package: Package, work: Path) -> Path:
    """Its upstream archive; whether the packaging is to be had as well does not matter."""
    command = ["apt-get", "-q", *_sources(), "source", "--download-only", f"{package.name}={package.version}"]
    subprocess.run(command, cwd=work, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return _only(work, "*.orig.tar.*[!c]")  # not the signature, .asc


def _sources() -> list[str]:
    """Options of apt-get that add the sources of `_SUITE` on the machine's own mirror, and leave its own lists alone."""
    lists = Path(tempfile.gettempdir()) / f"sfm2-{_SUITE}-sources"
    options = {
        "Dir::Etc::sourcelist": f"{lists}/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": f"{lists}/lists",
        "Dir::Cache": f"{lists}/cache",
        "APT::Sandbox::User": "root",
    }
    flags = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    if not lists.is_dir():
        which = ["apt-get", "indextargets", "--format", "$(SITE)", "Origin: Debian", "Created-By: Packages"]
        site = subprocess.run(which, check=True, capture_output=True, text=True).stdout.split()[0]
        with replacing_folder(lists) as partial:
            (partial / "lists/partial").mkdir(parents=True)
            (partial / "cache/archives/partial").mkdir(parents=True)
            (partial / "sources.list").write_text(f"deb-src [signed-by={_KEYS}] {site} {_SUITE} main\n")
        update = ["apt-get", "-q", *flags, "update"]
        subprocess.run(update, check=True, stdout=subprocess.DEVNULL)
    return flags


CLIENTS: dict[str, Callable[[Package, Path], Path]] = {"pypi": _wheel, "npm": _npm, "debian": _debian}


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise ValueError(f"expected one {pattern}, found {len(found)}: the version may be gone from the registry")
    return found[0]


def _unpack(archive: Path, folder: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)  # noqa: S202 - zipfile never writes outside the folder
        return
    with tarfile.open(archive) as packed:
        for member in packed:
            below = "/".join(PurePosixPath(member.name).parts[1:])  # without the top folder, such as `package`
            if below and member.isfile():
                packed.extract(member.replace(name=below), folder, filter="data")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without-tests", action="store_true")
    given = parser.parse_args()
    for package in read(given.list):
        if package.registry == "debian" and not shutil.which("apt-get"):
            print(f"{package.name}: skipped, there is no apt-get", flush=True)
            continue
        fetch(package, given.folder / package.folder)
        if given.without_tests:
            remove_tests(given.folder / package.folder)
        print(f"{package.name} {package.version}", flush=True)


if __name__ == "__main__":
    main()
