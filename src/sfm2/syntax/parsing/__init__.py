"""Whether a completion parses in place, that is between its prefix and its suffix, and which names it leaves undefined."""

from sfm2.syntax.parsing.parse_context import ParseContext

__all__ = ["ParseContext"]
