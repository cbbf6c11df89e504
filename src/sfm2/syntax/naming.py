"""The language that a text names itself: by its interpreter, an editor's mode line, or its file's name in a comment. Pure.

The last is how Continue and others tell a server that takes nothing but a prompt which file it completes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2 import languages
from sfm2.types import Language

_HEAD = 400  # lines of comments above the code that are read for a file's name
_INTERPRETER = re.compile(r"#![ \t]*(?:\S*/)?([\w.+-]+)(?:[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*([\w.+-]+))?")
_VERSION = re.compile(r"[\d.]+$")
_MODES = (
    re.compile(r"-\*-[ \t]*(?:[^\n]*?mode:[ \t]*)?([\w+#-]+)[ \t]*(?:;[^\n]*)?-\*-", re.IGNORECASE),
    re.compile(r"\b(?:vim?|ex):[^\n]*?\b(?:ft|filetype|syntax)=([\w+#-]+)"),
)
_FILE = re.compile(r"(?:(?:path|file|filename)\s*:\s*)?([\w@.+/\\-]*[\w+-])(?:\s*(?:-->|\*/))?", re.IGNORECASE)


def named_in(text: str) -> Language | None:
    """The language that the beginning of a text names; None where it names none that is known."""
    return _by_interpreter(text) or _by_mode(text) or _by_file(text)


def _by_interpreter(text: str) -> Language | None:
    found = _INTERPRETER.match(text)
    if found is None:
        return None
    program = found[2] if found[1] == "env" else found[1]
    return languages.of_interpreter(_VERSION.sub("", program or ""))


def _by_mode(text: str) -> Language | None:
    head = "\n".join(text[:1000].split("\n")[:2])
    names = (found[1] for pattern in _MODES if (found := pattern.search(head)))
    return next((language for name in names if (language := languages.of_editor_id(name))), None)


def _by_file(text: str) -> Language | None:
    """The last file's name that a comment above the code consists of: before it may be other files', with their code."""
    named = [language for mark, line in _comments(text) if (language := _language_of_file(mark, line))]
    return named[-1] if named else None


def _language_of_file(mark: str, line: str) -> Language | None:
    name = _FILE.fullmatch(line)
    language = languages.of_path(name[1]) if name else None
    facts = languages.facts_of(language)
    return language if facts and mark in facts.comment_marks else None


def _comments(text: str) -> Iterator[tuple[str, str]]:
    """The mark and the text of each comment that a line above the code consists of."""
    for line in text.lstrip("\ufeff").split("\n", _HEAD)[:_HEAD]:
        stripped = line.strip()
        marks = [mark for mark in languages.comment_marks(None) if stripped.startswith(mark)]
        if marks:
            mark = max(marks, key=len)
            yield mark, stripped.removeprefix(mark).strip()
        elif stripped:
            return
