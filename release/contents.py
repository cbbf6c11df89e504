"""What each package must hold, compared with the tree that it was built from. Pure: names in, faults out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

PACKAGE = "src/sfm2/"
SDIST_TOP = ("CHANGELOG.md", "LICENSE", "NOTICE", "README.md", "pyproject.toml")
_DIST_INFO = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "licenses/NOTICE")
_ALWAYS_PACKED = ("LICENSE", "README.md", "package.json")  # by npm, whatever `files` says
_VSIX = ("[Content_Types].xml", "extension.vsixmanifest")
_VSIX_RENAMED = {"LICENSE": "LICENSE.txt", "README.md": "readme.md"}


def wheel_faults(names: Collection[str], tree: Iterable[str], version: str) -> list[str]:
    """`tree` holds the files of the repository, relative to its root, ignored ones left out."""
    code = {name.removeprefix("src/") for name in tree if name.startswith(PACKAGE)}
    return _differences("wheel", names, code | {f"sfm2-{version}.dist-info/{name}" for name in _DIST_INFO})


def sdist_faults(names: Collection[str], tree: Iterable[str], version: str) -> list[str]:
    """The package, what a build of it needs and what a reader expects; no tests and no other packages."""
    wanted = {name for name in tree if name.startswith(PACKAGE) or name in SDIST_TOP} | {"PKG-INFO", ".gitignore"}
    return _differences("sdist", names, {f"sfm2-{version}/{name}" for name in wanted})


def npm_faults(names: Collection[str], manifest: Mapping[str, Any], sources: Iterable[str]) -> list[str]:
    """`sources` are the TypeScript modules of src/ without suffix; each comes in both module systems, with types."""
    built = {f"dist/{form}/{module}{end}" for form in ("esm", "cjs") for module in sources for end in (".js", ".d.ts")}
    forms = {f"dist/{form}/package.json" for form in ("esm", "cjs")}
    faults = _differences("npm package", names, {f"package/{name}" for name in built | forms | {*_ALWAYS_PACKED}})
    entries = (str(manifest[name]).removeprefix("./") for name in ("main", "module", "types"))
    return faults + [f"npm package: no entry point {name}" for name in entries if f"package/{name}" not in names]


def vsix_faults(names: Collection[str], manifest: Mapping[str, Any]) -> list[str]:
    """The extension is one bundle: nothing of its sources, tests and node_modules goes along."""
    bundle = str(manifest["main"]).removeprefix("./")
    steps = (step for walkthrough in manifest["contributes"]["walkthroughs"] for step in walkthrough["steps"])
    pages = (step["media"]["markdown"] for step in steps)
    held = ("LICENSE", "README.md", "package.json", manifest["icon"], bundle, *pages)
    return _differences("vsix", names, {*_VSIX, *(f"extension/{_VSIX_RENAMED.get(name, name)}" for name in held)})


def _differences(package: str, names: Collection[str], wanted: set[str]) -> list[str]:
    return [
        *(f"{package}: lacks {name}" for name in sorted(wanted - set(names))),
        *(f"{package}: has {name} besides" for name in sorted(set(names) - wanted)),
        *(f"{package}: has {name} twice" for name in _repeated(names)),
    ]


def _repeated(names: Collection[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
