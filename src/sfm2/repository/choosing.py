"""Which files are in an index: those that people wrote, in a known language, without secrets."""

from __future__ import annotations

import re
import tomllib
from fnmatch import translate
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import PurePosixPath

from sfm2.corpus.files import LARGEST, is_own, text_in
from sfm2.languages import facts_of, of_path

LARGEST_DATA = 50_000
"""The largest size of a file that is no code, in bytes: longer ones are tables and logs."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY")


@lru_cache(maxsize=1 << 17)
def is_chosen(path: str) -> bool:
    """Whether a file with this path, relative to the repository, is in the index if its content allows it."""
    language = of_path(path)
    if language is None or not is_own(PurePosixPath(path), tests=True):
        return False
    name = path.rpartition("/")[2].lower()
    kinds = ("secret", "generated") if is_code(path) else ("secret", "secret_data", "generated")
    return not any(_pattern(kind).match(name) for kind in kinds)


def is_code(path: str) -> bool:
    """Whether a file is in a programming language, by its name."""
    facts = facts_of(of_path(path))
    return facts is not None and facts.kind == "programming"


def largest(path: str) -> int:
    """The largest size of a file with this path, in bytes."""
    return LARGEST if is_code(path) else LARGEST_DATA


def chosen_text(content: bytes) -> str | None:
    """The text of a file that may be in the index; None if it is no text, written by a program, or holds a private key."""
    text = text_in(content.removeprefix(b"\xef\xbb\xbf"))
    return None if text is None or _PRIVATE_KEY.search(text) else text


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    table = tomllib.loads((files("sfm2.repository") / "left_out.toml").read_text(encoding="utf-8"))
    return re.compile("|".join(translate(pattern) for pattern in table[kind]))
