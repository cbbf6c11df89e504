"""Whether code ends within text of its own: a comment, a string over several lines, a here-document.

Found by a scan for tokens in linear time, not by a parser.
"""

from __future__ import annotations

import re
from functools import cache

from sfm2.languages import comment_pattern, facts_of


def ends_in_text(text: str, language: str | None) -> bool:
    """`text` ends at the beginning of a line, or is empty."""
    pattern, at = _tokens(language), 0
    while match := pattern.search(text, at):
        at = match.end()
        if match["comment"] and at == len(text) and "\n" in match[0] and not _is_closed(match[0], language):
            return True
        if match["quotes"]:
            at = text.find(match[0], at) + len(match[0])
            if at < len(match[0]):
                return True
        elif name := match["heredoc"]:
            end = re.compile(rf"^[ \t]*{re.escape(name)}\b", re.MULTILINE).search(text, at)
            if end is None:
                return True
            at = end.end()
    return False


def _is_closed(comment: str, language: str | None) -> bool:
    facts = facts_of(language)
    ends = [end for _, end in facts.block_comments] if facts else ["*/"]
    return comment.endswith(tuple(ends))


@cache
def _tokens(language: str | None) -> re.Pattern[str]:
    known = facts_of(language)
    comment = comment_pattern(language) if known else r"/\*[\s\S]*?(?:\*/|\Z)"
    strings = r"""'''|\"\"\"|`""", r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
    heredoc = r"<<[-~]?(['\"]?)(?P<heredoc>[A-Za-z_]\w*)\2[^\n]*\n"
    return re.compile(rf"(?P<comment>{comment})|{heredoc}|(?P<quotes>{strings[0]})|{strings[1]}")
