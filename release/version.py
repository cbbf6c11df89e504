"""The version stands in src/sfm2/__init__.py and is copied from there to the JavaScript packages.

`python -m release.version` copies it, `python -m release.version 0.2.0` sets a new one first, and `--check` only reports
the files that disagree. pyproject.toml reads it when a wheel is built; openapi.json gets it from `make openapi`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
SOURCE = Path("src/sfm2/__init__.py")
_PYTHON = re.compile(r'^__version__ = "(?P<version>[^"]+)"$', re.MULTILINE)
_TYPESCRIPT = re.compile(r'^export const VERSION = "[^"]+";$', re.MULTILINE)
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


def current(root: Path = ROOT) -> str:
    """The version in the source file, without importing it."""
    found = _PYTHON.search((root / SOURCE).read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{SOURCE} has no line __version__ = ...")
    return found["version"]


def npm_version(version: str) -> str:
    """The same version as npm spells it: 0.2.0rc1 is 0.2.0-rc.1 there."""
    return re.sub(r"(a|b|rc)(\d+)$", r"-\1.\2", version)


def rewritten(root: Path, version: str) -> Iterator[tuple[Path, str]]:
    """Every file that repeats the version, and its text with this one."""
    copies = npm_version(version)
    editors: dict[str, Callable[[str, str], str]] = {
        "package.json": with_manifest_version,
        "package-lock.json": with_lock_version,
        "version.ts": lambda text, copy: _TYPESCRIPT.sub(f'export const VERSION = "{copy}";', text),
    }
    for folder in sorted(path.parent for path in _manifests(root)):
        for name in ("package.json", "package-lock.json", "src/version.ts"):
            path = folder / name
            if path.is_file():
                yield path, editors[path.name](path.read_text(encoding="utf-8"), copies)


def _manifests(root: Path) -> Iterator[Path]:
    """The package.json of each of our JavaScript packages."""
    for pattern in ("page/package.json", "clients/*/package.json", "editors/*/package.json"):
        yield from root.glob(pattern)


def with_manifest_version(text: str, version: str) -> str:
    """A package.json with this version; a private package without one is left as it is."""
    manifest = json.loads(text)
    return _as_npm_writes({**manifest, "version": version} if "version" in manifest else manifest)


def with_lock_version(text: str, version: str) -> str:
    """A package-lock.json with this version of the package itself and of those beside it in this repository."""
    lock = json.loads(text)
    lock["version"] = version
    for path, package in lock["packages"].items():
        if "node_modules/" not in path and "version" in package:
            package["version"] = version
    return _as_npm_writes(lock)


def _as_npm_writes(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def set_source(root: Path, version: str) -> None:
    """Write the version into the one file that counts."""
    path = root / SOURCE
    path.write_text(_PYTHON.sub(f'__version__ = "{version}"', path.read_text(encoding="utf-8")), encoding="utf-8")


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file has another version.")
@click.argument("version", required=False)
def main(check: bool, version: str | None) -> None:
    """Copy the version of src/sfm2/__init__.py, or VERSION if given, to every file that repeats it."""
    if version is not None:
        if check or not _VERSION.fullmatch(version):
            raise click.UsageError("expected a version such as 0.2.0 or 0.2.0rc1, without --check")
        set_source(ROOT, version)
    stale = [(path, text) for path, text in rewritten(ROOT, current(ROOT)) if path.read_text(encoding="utf-8") != text]
    for path, text in [] if check else stale:
        path.write_text(text, encoding="utf-8")
    if check and stale:
        names = ", ".join(str(path.relative_to(ROOT)) for path, _ in stale)
        click.echo(f"{names}: not version {current(ROOT)}; `python -m release.version` writes it", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
