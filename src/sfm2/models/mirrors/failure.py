"""Why a mirror could not help."""

from __future__ import annotations


class MirrorError(Exception):
    """This mirror failed in a way another one may not. The message is for a person."""
