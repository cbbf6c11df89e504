"""What might close what a completion left open: quotes, brackets, a header without its body. A light scan in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sfm2.languages import comment_pattern
from sfm2.syntax.lines import indent

MOST = 4  # candidates
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NEAR = 4_000  # characters of the prefix that are looked at
_HEADER = re.compile(r"\s*(async\s+)?(if|elif|else|for|while|with|def|class|try|except|finally|match|case)\b")


@dataclass
class _Open:
    """`mark`: a bracket or quotes. `own`: opened by the completion. `column`: the indentation of its line."""

    mark: str
    own: bool
    column: int
    line: int


def closers(prefix: str, completion: str, language: str) -> list[str]:
    """Texts to put behind the completion, likeliest first: for what it opened itself, then for what stood open before."""
    before = _statement(prefix[-_NEAR:], language)
    stack = _scan(before, completion, language)
    own = [entry for entry in stack if entry.own]
    found = [_close(chosen, before + completion) for chosen in ([own, stack] if len(own) < len(stack) else [own])]
    if language == "python":
        found = [variant for text in found for variant in _with_body(before + completion, text)]
    return [text for text in dict.fromkeys(found) if text][:MOST]


def leaves_open(completion: str, language: str) -> bool:
    """Whether the completion opens quotes or brackets that it does not close."""
    return bool(_scan("", completion, language))


def _statement(prefix: str, language: str) -> str:
    """The end of the prefix, from where its statement may begin."""
    return "\n".join(prefix.split("\n")[-(12 if language == "python" else 40) :])


def _scan(before: str, completion: str, language: str) -> list[_Open]:
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
    """Behind the closing quotes; -1 when they don't come (on the same line, for plain ones)."""
    plain = quotes in "\"'"
    pattern = re.compile(rf"\\.|{re.escape(quotes)}" + (r"|\n" if plain else ""), re.DOTALL)
    for match in pattern.finditer(text, at):
        if match[0] == quotes:
            return match.end()
        if match[0] == "\n":
            return match.end()  # an apostrophe, or broken code: it can't be closed any more
    return -1


def _close(stack: list[_Open], text: str) -> str:
    """Braces that were opened on an earlier line are closed on a line of their own."""
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
    """A header gets `pass`, and its colon if that is missing; a `try` gets an end."""
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
    start = text.rfind("\n", 0, at) + 1
    return indent(text[start : at + 1])
