"""Whether a completion parses between its prefix and its suffix."""

from sfm2.syntax.place.place import Place

__all__ = ["Place"]
