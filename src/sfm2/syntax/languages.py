"""Which language a piece of code is in: from the file's name, else from how it looks."""

from __future__ import annotations

import re
from pathlib import PurePath

from sfm2.types import Language

_BY_SUFFIX = {
    ".py": "python", ".pyi": "python", ".pyw": "python", ".js": "javascript", ".mjs": "javascript",
    ".cjs": "javascript", ".jsx": "javascript", ".ts": "typescript", ".tsx": "typescript", ".mts": "typescript",
    ".java": "java", ".go": "go", ".rs": "rust", ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp",
    ".hpp": "cpp", ".hh": "cpp", ".cs": "csharp", ".rb": "ruby", ".php": "php", ".sh": "bash", ".bash": "bash",
    ".sql": "sql", ".html": "html", ".htm": "html", ".css": "css", ".json": "json", ".yaml": "yaml", ".yml": "yaml",
    ".toml": "toml", ".kt": "kotlin", ".kts": "kotlin", ".swift": "swift", ".scala": "scala", ".lua": "lua",
    ".md": "markdown", ".txt": "text",
}  # fmt: skip

# The first that matches wins, so the more telling ones stand first.
_BY_LOOK = [
    (re.compile(pattern, re.MULTILINE), language)
    for pattern, language in (
        (r"^#!.*\bpython|^(async )?def \w+\(.*(:|->.*:)?\s*$|^(import|from) [\w.]+( import .*| as \w+)?$", "python"),
        (r"^class \w+(\([\w., =]*\))?:\s*$", "python"),
        (r"^#!.*\b(ba)?sh\b", "bash"),
        (r"^<\?php", "php"),
        (r"^package \w+$|^func (\([^)]*\) )?\w+\(", "go"),
        (r"^(pub )?(async )?fn \w+|^use [\w:]+::", "rust"),
        (r"^#include\s*<\w+>|^using namespace |\bstd::", "cpp"),
        (r"^#include ", "c"),
        (r"^public (final |abstract )?class \w+|^import java", "java"),
        (r"^interface \w+ \{|^(export )?type \w+ =|: (string|number|boolean)\b", "typescript"),
        (r"^(export )?(default )?(async )?function\*? ?\w*\(|^(const|let|var) \w+ ?=|=> ?\{?$", "javascript"),
    )
]


def of_path(path: str) -> Language | None:
    """The language that a file's name tells."""
    name = _BY_SUFFIX.get(PurePath(path).suffix.lower())
    return Language(name) if name else None


def guess(code: str) -> Language | None:
    """The language that code looks like, from its first 20,000 characters; None when nothing tells."""
    head = code[:20_000]
    return next((Language(language) for pattern, language in _BY_LOOK if pattern.search(head)), None)
