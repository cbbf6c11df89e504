"""The map of the code: every module with the first sentence of its docstring."""

from __future__ import annotations

import ast
import re
from itertools import groupby
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "sfm2"


def modules() -> str:
    """A list for each folder. Packages that hold no code of their own lend their first sentence to the folder."""
    paths = sorted(
        (path for path in SOURCE.rglob("*.py") if _sentence(path)), key=lambda path: (path.parent, path.name)
    )
    return "\n".join(_folder(folder, list(files)) for folder, files in groupby(paths, lambda path: path.parent))


def _folder(folder: Path, files: list[Path]) -> str:
    about = next((f": {_sentence(path)}" for path in files if path.name == "__init__.py"), "")
    name = folder.relative_to(SOURCE.parent)
    lines = [f"- `{path.name}`: {_sentence(path)}" for path in files if path.name != "__init__.py"]
    return "\n".join([f"**`{name}/`**{about}", "", *lines, ""])


def _sentence(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=[.:])\s+(?=[A-Z])", paragraph, maxsplit=1)[0].rstrip(":")
