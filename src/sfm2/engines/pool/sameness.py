"""Whether two engines run the same weights: by their digests where both say them, else by the names."""

from __future__ import annotations

from sfm2.engines.base import EngineFacts


def difference(theirs: EngineFacts, ours: EngineFacts) -> str | None:
    """What is other about the weights of one engine, for people; None: nothing."""
    digests = theirs.sha256, ours.sha256
    same = digests[0] == digests[1] if all(digests) else theirs.model == ours.model
    return None if same else f"it runs other weights ({_told(theirs)}, not {_told(ours)})"


def _told(facts: EngineFacts) -> str:
    digest = f" {facts.sha256[:12]}" if facts.sha256 else ""
    return f"{facts.model or 'no name'}{digest}"
