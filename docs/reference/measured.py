"""docs/evaluation/README.md -> its sections, so that no number stands in two places."""

from __future__ import annotations

from pathlib import Path


def section(document: Path, title: str) -> str:
    """What stands below `## title`, up to its first diagram: those are no part of the site. Raises `KeyError`."""
    for text in document.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, _, body = text.partition("\n")
        if heading == title:
            return body.partition("![")[0].rpartition("\n\n")[0] if "![" in body else body
    raise KeyError(f"{document} has no section {title!r}")
