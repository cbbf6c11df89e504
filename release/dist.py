"""`make dist`: every package of a release, built from this tree into dist/ and compared with it.

The wheel and the sdist of the service, the npm package of the JavaScript client, and the VS Code extension, which wheel
and sdist hold too: the server hands it out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from release import version
from release.contents import PACKAGE, npm_faults, sdist_faults, vsix_faults, wheel_faults

ROOT = Path(__file__).parents[1]
CLIENT = Path("clients/js")
EXTENSION = Path("editors/vscode")
SERVED = Path("src/sfm2/server/editors/sfm2.vsix")
"""The extension in the package; hatch takes it along though git ignores it (pyproject.toml)"""


def tree(root: Path = ROOT) -> list[str]:
    """Every file that git does not ignore, whether it has been committed or not; and the extension, if built."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return [name for name in (*listed.split("\0"), SERVED.as_posix()) if name and (root / name).is_file()]


def _git(root: Path, *arguments: str) -> str:
    # In a container the checkout may belong to another user.
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def build_wheel(source: Path, folder: Path) -> Path:
    """The wheel of `source`, built with what is installed here: nothing is downloaded."""
    return _hatch("wheel", source, folder, "*.whl")


def build_sdist(source: Path, folder: Path) -> Path:
    """The source distribution of `source`."""
    return _hatch("sdist", source, folder, "*.tar.gz")


def _hatch(target: str, source: Path, folder: Path, pattern: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    _run(command, source)
    (built,) = folder.glob(pattern)
    return built


def _run(command: list[str], folder: Path) -> None:
    """Quiet, unless it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def names_in(archive: Path) -> list[str]:
    """The files in a wheel, .vsix or .tar.gz."""
    if archive.suffix in (".whl", ".vsix"):
        with zipfile.ZipFile(archive) as packed:
            return [name for name in packed.namelist() if not name.endswith("/")]
    with tarfile.open(archive) as packed:
        return [member.name for member in packed.getmembers() if member.isfile()]


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, by name."""
    with zipfile.ZipFile(wheel) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def python_faults(wheel: Path, sdist: Path, files: list[str]) -> Iterator[str]:
    """Both against the tree; and the sdist must build the very same wheel."""
    number = version.current()
    yield from wheel_faults(names_in(wheel), files, number)
    yield from sdist_faults(names_in(sdist), files, number)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sdist) as packed:
            packed.extractall(folder, filter="data")
        again = build_wheel(Path(folder) / f"sfm2-{number}", Path(folder) / "again")
        if contents(again) != contents(wheel):
            yield "sdist: the wheel that it builds is another one"


def pack_client(folder: Path) -> Path:
    """The npm package; npm builds it first."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder)]
    _run(command, ROOT / CLIENT)
    (packed,) = folder.glob("sfm2-client-*.tgz")
    return packed


def pack_extension(folder: Path) -> Path:
    """The .vsix, under a name with its version."""
    command = ["npm", "run", "--silent", "package"]
    _run(command, ROOT / EXTENSION)
    packed = folder / f"sfm2-{version.npm_version(version.current())}.vsix"
    return Path(shutil.move(ROOT / EXTENSION / "dist" / "sfm2.vsix", packed))


def serve_extension(packed: Path, root: Path = ROOT) -> None:
    """Put the extension into the package: into the wheel and sdist that are built next, and what this checkout serves."""
    shutil.copyfile(packed, root / SERVED)


def node_faults(client: Path, extension: Path, files: list[str]) -> Iterator[str]:
    """Both against their sources and manifests."""
    source = f"{CLIENT.as_posix()}/src/"
    modules = [name.removeprefix(source).removesuffix(".ts") for name in files if name.startswith(source)]
    yield from npm_faults(names_in(client), _manifest(CLIENT), modules)
    yield from vsix_faults(names_in(extension), _manifest(EXTENSION))


def _manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((ROOT / folder / "package.json").read_text(encoding="utf-8"))
    return manifest


def checksums(folder: Path) -> str:
    """As `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "dist")
def main(folder: Path) -> None:
    """Build every package of a release into FOLDER, which is emptied first, and check what they hold."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder = folder.resolve()
    os.environ.setdefault("SOURCE_DATE_EPOCH", _date_of_commit())
    if not any(name.startswith(PACKAGE) for name in tree()):
        raise click.ClickException("this is no checkout of the repository")
    client, extension = pack_client(folder), pack_extension(folder)
    serve_extension(extension)
    files = tree()
    wheel, sdist = build_wheel(ROOT, folder), build_sdist(ROOT, folder)
    faults = [*python_faults(wheel, sdist, files), *node_faults(client, extension, files)]
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        sys.exit(1)
    (folder / "SHA256SUMS").write_text(checksums(folder), encoding="utf-8")
    for path in sorted(folder.iterdir()):
        click.echo(f"{path.stat().st_size:>10,}  {path.name}")


def _date_of_commit() -> str:
    """Seconds since 1970: packages of one commit are the same bytes whenever they are built."""
    return _git(ROOT, "log", "-1", "--format=%ct").strip()


if __name__ == "__main__":
    main()
