"""Block-stop accuracy: whether a completion ends where its hole ends, by structure and not by text.

Different code that fits counts as `exact` if it ends as the expected text does. In this order:

`over`, it went past the end:
- its last line is the line that follows the hole, and the expected text's is not;
- it closes a bracket that it did not open, more than the expected text does;
- line: anything stands after its first logical line;
- block: a line of it stands outside the block; or code follows a `return`, `raise`, `break` or `continue`; or it is the
  expected block with more after it; or it falls through, and has more than twice as many lines as the expected plus one.
`under`, it did not reach the end:
- the expected text begins with it and goes on, in the same line or the next;
- the file does not parse with it in place;
- block: the expected block leaves (its last statement is a `return`, `raise`, ..., on every branch) and it falls through;
  or both fall through, and it has less than half as many lines.
`exact`: all others. Lines of a block are counted without comments and formatting (`ast.unparse`).

A random span has no end of its own: it is `exact` when the file parses and nothing is repeated, else `over` if longer than
the expected text, else `under`. Languages other than Python: brackets, the repeated line, and for a line its line breaks.

Not covered: whether what was written within the block is right, which is what tests and `exact` are for; and a block cut
short by less than half that falls through, if it began otherwise than the expected one.
"""

from __future__ import annotations

import re
from typing import Literal

from sfm2.evals import python_blocks
from sfm2.evals.items import Item
from sfm2.languages import comment_pattern

Stop = Literal["exact", "over", "under"]

_TELLING = 4  # letters or digits that a line needs, so that to repeat it is no chance
_QUOTED = r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
_BLOCKS = frozenset({"block", "definition"})


def stop(item: Item, completion: str) -> Stop:
    """Where a completion that is not empty ends, against an item with an expected text."""
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
    beyond = python_blocks.leaves_block(lead, text, expected) if block else python_blocks.goes_on(lead, text)
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
    """Whether the last line is what follows the hole: the rest of its line, or else the next line that is not blank."""
    follows = next((line.strip() for line in item.suffix.split("\n") if line.strip()), "")
    if len(re.findall(r"\w", follows)) < _TELLING:
        return False
    ours, theirs = (_last_line(written.rstrip()).strip() for written in (text, expected))
    if item.suffix.split("\n", 1)[0].strip():
        return ours.endswith(follows) and not theirs.endswith(follows)
    return ours == follows != theirs


def _closes_more(language: str, text: str, expected: str) -> bool:
    return min(_depths(language, text)) < min(_depths(language, expected))


def _open(language: str, text: str) -> int:
    """How many more brackets it opens than it closes."""
    return _depths(language, text)[-1]


def _depths(language: str, text: str) -> list[int]:
    """The depth of brackets before and after each bracket; strings and comments don't count."""
    depths = [0]
    code = re.sub(rf"{_QUOTED}|{comment_pattern(language)}", "", text, flags=re.DOTALL)
    for bracket in re.findall(r"[()\[\]{}]", code):
        depths.append(depths[-1] + (1 if bracket in "([{" else -1))
    return depths


def _last_line(text: str) -> str:
    return text[text.rfind("\n") + 1 :]
