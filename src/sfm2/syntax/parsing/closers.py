"""Texts that may complete what a completion left open: quotes, brackets, a header without its body.

Found by a scan for tokens in linear time, not by a parser; whether a closer helps is for the parser to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfm2.languages import comment_pattern
from sfm2.syntax.lines import indent

MOST = 4  # closers that are proposed
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NEAR = 4_000  # characters of the prefix that are scanned
_SEMICOLONS = re.compile(r";[ \t]*$", re.MULTILINE)  # statements in this file end with them
_HEADER = re.compile(r"\s*(async\s+)?(if|elif|else|for|while|with|def|class|try|except|finally|match|case)\b")


@dataclass
class _Open:
    """A bracket or quotes that are not closed."""

    mark: str
    """The bracket or the quotes."""
    own: bool
    """Whether the completion opened it, rather than the prefix."""
    column: int
    """The indentation of its line, in columns."""
    line: int
    """The number of its line in the scanned text, from 0."""


def closers(prefix: str, completion: str, language: str) -> list[str]:
    """Texts to append to the completion, likeliest first: to close what it opened itself, then what was open before, too."""
    before = _statement(prefix[-_NEAR:], language)
    stack = _scan(before, completion, language)
    own = [entry for entry in stack if entry.own]
    found = [_close(chosen, before + completion) for chosen in ([own, stack] if len(own) < len(stack) else [own])]
    if language == "python":
        found = [variant for text in found for variant in _with_body(before + completion, text)]
    elif _SEMICOLONS.search(prefix[-_NEAR:]):
        found = [variant for text in found for variant in (text, text + ";")]
    return [text for text in dict.fromkeys(found) if text][:MOST]


def left_open(completion: str, language: str) -> int:
    """How many quotes and brackets the completion opens and does not close."""
    return len(_scan("", completion, language))


def is_balanced(completion: str, language: str) -> bool:
    """Whether it closes all that it opens, and nothing else."""
    opened = sum(completion.count(mark) for mark in _CLOSING)
    closed = sum(completion.count(mark) for mark in _CLOSING.values())
    return opened == closed and not left_open(completion, language)


def _statement(prefix: str, language: str) -> str:
    """The last lines of the prefix, enough to hold the statement that the completion continues."""
    return "\n".join(prefix.split("\n")[-(12 if language == "python" else 40) :])


def _scan(before: str, completion: str, language: str) -> list[_Open]:
    """What is open at the end of the completion, the innermost last. Comments and strings are skipped."""
    text = before + completion
    stack: list[_Open] = []
    pattern = _token_pattern(language)
    at, line, line_start = 0, 0, 0
    while match := pattern.search(text, at):
        line += text.count("\n", line_start, match.start())
        line_start = max(line_start, match.start())
        mark, own = match[0], match.start() >= len(before)
        at = match.end()
        if mark in _CLOSING:
            stack.append(_Open(mark, own, _column(text, match.start()), line))
        elif mark in _CLOSING.values():
            if stack and _CLOSING.get(stack[-1].mark) == mark:
                stack.pop()
        elif mark[0] in "\"'`":
            end = _string_end(text, match.end(), mark)
            if end < 0:
                stack.append(_Open(mark, own, _column(text, match.start()), line))
                break
            at = end
    return stack


def _token_pattern(language: str) -> re.Pattern[str]:
    return re.compile(rf"""{comment_pattern(language)}|'''|\"\"\"|["'`]|[()\[\]{{}}]""")


def _string_end(text: str, at: int, quotes: str) -> int:
    """Where the string ends, after its closing quotes; -1 when they are missing.

    Single quotes that are not closed on their line end with it.
    """
    plain = quotes in "\"'"
    pattern = re.compile(rf"\\.|{re.escape(quotes)}" + (r"|\n" if plain else ""), re.DOTALL)
    for match in pattern.finditer(text, at):
        if match[0] == quotes:
            return match.end()
        if match[0] == "\n":
            return match.end()  # an apostrophe, or broken code: no closer can help
    return -1


def _close(stack: list[_Open], text: str) -> str:
    """The text that closes all of the stack; braces opened on an earlier line are closed on lines of their own."""
    closing = ""
    last = text.count("\n")
    for entry in reversed(stack):
        if entry.mark not in _CLOSING:
            closing += entry.mark
        elif entry.mark == "{" and entry.line < last:
            closing += "\n" + " " * entry.column + "}"
        else:
            closing += _CLOSING[entry.mark]
    return closing


def _with_body(text: str, closing: str) -> list[str]:
    """Python: variants of `closing`, with a `pass` (and a colon) after a header and an `except` for the last `try`."""
    whole = text + closing
    last = whole[whole.rfind("\n") + 1 :]
    body = "\n" + " " * (indent(last) + 4) + "pass"
    found = [closing]
    if whole.rstrip().endswith(":"):
        found = [closing + body, *found]
    elif _HEADER.match(last):
        found.append(closing + ":" + body)
    if tries := [*re.finditer(r"^([ \t]*)try:", whole, re.MULTILINE)]:
        column = tries[-1]
        found.append(found[0] + "\n" + column[1] + "except Exception:\n" + column[1] + "    raise")
    return found


def _column(text: str, at: int) -> int:
    """The indentation of the line that holds the character `at`, in columns."""
    start = text.rfind("\n", 0, at) + 1
    return indent(text[start : at + 1])
