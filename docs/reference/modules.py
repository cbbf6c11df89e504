"""The map of the code: every module with the first sentence that it says about itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
TYPESCRIPT = ("clients/js/src", "editors/core/src", "editors/vscode/src", "page/src")
_COMMENT = re.compile(r"/\*\*(.*?)\*/|((?:^//[^\n]*\n)+)", re.DOTALL | re.MULTILINE)
_HEAD = 400  # characters in which a file says what it is for
_GENERATED = "generated"


def modules() -> str:
    """A list for each folder of the Python package. Packages lend their first sentence to the folder."""
    return _listed(ROOT / "src", (ROOT / "src").rglob("*.py"), _docstring)


def typescript() -> str:
    """The same for what is written in TypeScript. Files that say nothing about themselves are left out."""
    paths = [path for folder in TYPESCRIPT for path in (ROOT / folder).rglob("*.ts") if _GENERATED not in path.parts]
    return _listed(ROOT, paths, _comment)


def _listed(base: Path, paths: Iterable[Path], about: Callable[[Path], str]) -> str:
    said = sorted((path for path in paths if about(path)), key=lambda path: (path.parent, path.name))
    folders = groupby(said, lambda path: path.parent)
    return "\n".join(_folder(folder.relative_to(base), list(files), about) for folder, files in folders)


def _folder(name: Path, files: list[Path], about: Callable[[Path], str]) -> str:
    package = next((f": {about(path)}" for path in files if path.name == "__init__.py"), "")
    lines = [f"- `{path.name}`: {about(path)}" for path in files if path.name != "__init__.py"]
    return "\n".join([f"**`{name}/`**{package}", "", *lines, ""])


def _docstring(path: Path) -> str:
    return _sentence(ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")


def _comment(path: Path) -> str:
    found = _COMMENT.search(path.read_text(encoding="utf-8")[:_HEAD])
    text = (found[1] or found[2] or "") if found else ""
    return _sentence(re.sub(r"^\s*(\*|//) ?", "", text.strip(), flags=re.MULTILINE))


def _sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.:])\s+(?=[A-Z])", paragraph, maxsplit=1)[0].rstrip(":")
