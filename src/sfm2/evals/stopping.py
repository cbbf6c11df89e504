"""Stop accuracy: whether a completion ends where its hole ends, judged by structure and not by text.

Different code counts as `exact` if it ends where the expected text does. The rules, in order:

`over`, it went past the end:
- its last line is the line that follows the hole, and the expected text's last line is not;
- it closes more brackets that it did not open than the expected text does;
- line: there is code after its first logical line;
- block: one of its lines is outside the block; or code follows a `return`, `raise`, `break` or `continue`; or it is the
  expected block with more code after it; or it falls through and has more than 2n + 1 lines, where the expected block has n.
`under`, it did not reach the end:
- the expected text begins with it and continues, in the same line or the next;
- the file with it in place does not parse;
- block: it falls through, and the expected block does not (it ends with `return`, `raise`, ... on every branch); or both
  fall through, and it has less than half as many lines.
`exact`: everything else. Lines of a block are counted without comments and formatting (`ast.unparse`).

A random span has no end in the structure: it is `exact` when the file parses and nothing is repeated, else `over` if it is
longer than the expected text, else `under`. For languages other than Python only brackets, the repeated line and, for a
line, line breaks are judged.

Not covered: whether the code within the block is correct, which tests and `exact` measure; and a block that falls
through, is cut short by less than half, and begins differently from the expected one.
"""

from __future__ import annotations

import re
from typing import Literal

from sfm2.evals import python_blocks
from sfm2.evals.items import Item
from sfm2.languages import comment_pattern

Stop = Literal["exact", "over", "under"]

_DISTINCTIVE = 4  # the least letters and digits of a line whose repetition can't be chance
_QUOTED = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
_BLOCKS = frozenset({"block", "definition"})


def stop(item: Item, completion: str) -> Stop:
    """Where a completion that is not empty ends, compared with the item's expected text."""
    expected = item.expected or ""
    text = completion.rstrip() + expected[len(expected.rstrip()) :]
    if _repeats(item, text, expected) or _closes_more(item.language, text, expected):
        return "over"
    if item.kind == "span":
        return _of_span(item, text, expected)
    if text != expected and expected.startswith(text.rstrip()):
        return "under"
    if item.language == "python":
        return _of_python(item, text, expected)
    return _by_brackets(item, text, expected)


def _of_python(item: Item, text: str, expected: str) -> Stop:
    lead = _last_line(item.prefix)
    block = item.kind in _BLOCKS
    beyond = python_blocks.leaves_block(lead, text, expected) if block else python_blocks.continues(lead, text)
    if beyond:
        return "over"
    if not python_blocks.parses(item.prefix + text + item.suffix):
        return "under"
    return python_blocks.ending(lead + text, lead + expected) if block else "exact"


def _of_span(item: Item, text: str, expected: str) -> Stop:
    if item.language == "python":
        fits = python_blocks.parses(item.prefix + text + item.suffix)
    else:
        fits = _open(item.language, text) == _open(item.language, expected)
    if fits:
        return "exact"
    return "over" if len(text) > len(expected) else "under"


def _by_brackets(item: Item, text: str, expected: str) -> Stop:
    if item.kind == "line" and text.strip().count("\n") > expected.strip().count("\n"):
        return "over"
    return "under" if _open(item.language, text) > _open(item.language, expected) else "exact"


def _repeats(item: Item, text: str, expected: str) -> bool:
    """Whether the last line repeats what follows the hole: the rest of the line or else the next line that is not blank."""
    follows = next((line.strip() for line in item.suffix.split("\n") if line.strip()), "")
    if len(re.findall(r"\w", follows)) < _DISTINCTIVE:
        return False
    ours, theirs = (_last_line(written.rstrip()).strip() for written in (text, expected))
    if item.suffix.split("\n", 1)[0].strip():
        return ours.endswith(follows) and not theirs.endswith(follows)
    return ours == follows != theirs


def _closes_more(language: str, text: str, expected: str) -> bool:
    return min(_depths(language, text)) < min(_depths(language, expected))


def _open(language: str, text: str) -> int:
    """The number of brackets that `text` opens minus those that it closes."""
    return _depths(language, text)[-1]


def _depths(language: str, text: str) -> list[int]:
    """The bracket depth at the beginning and after each bracket, strings and comments left out."""
    depths = [0]
    code = re.sub(rf"{_QUOTED}|{comment_pattern(language)}", "", text, flags=re.DOTALL)
    for bracket in re.findall(r"[()\[\]{}]", code):
        depths.append(depths[-1] + (1 if bracket in "([{" else -1))
    return depths


def _last_line(text: str) -> str:
    return text[text.rfind("\n") + 1 :]
