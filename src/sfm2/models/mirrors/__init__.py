"""Mirrors: where weights are fetched from. None of them is trusted; the caller checks the digest of what they give."""

from __future__ import annotations

from pathlib import Path

from sfm2.models.catalogue import CatalogueEntry, FileMirror, HubMirror, IndexMirror
from sfm2.models.progress import Progress

__all__ = ["fetch"]


def fetch(mirror: HubMirror | IndexMirror | FileMirror, entry: CatalogueEntry, work: Path, progress: Progress) -> Path:
    """Fetch the file of `entry` from `mirror` into the folder `work`, and return its path.

    Resumes from what an earlier try left in `work`. Raises MirrorError when another mirror may succeed, and OSError when
    this machine is the cause, such as a full disk.
    """
    if isinstance(mirror, HubMirror):
        from sfm2.models.mirrors import hub

        return hub.fetch(mirror, entry, work, progress)
    if isinstance(mirror, IndexMirror):
        from sfm2.models.mirrors import index

        return index.fetch(mirror, entry, work, progress)
    from sfm2.models.mirrors import local

    return local.fetch(mirror, work, progress)
