"""Places that weights come from. Each fetches the bytes into a working folder; none is trusted: the digest decides."""

from __future__ import annotations

from pathlib import Path

from sfm2.models.catalogue import CatalogueEntry, FileMirror, HubMirror, IndexMirror
from sfm2.models.progress import Progress

__all__ = ["fetch"]


def fetch(mirror: HubMirror | IndexMirror | FileMirror, entry: CatalogueEntry, work: Path, progress: Progress) -> Path:
    """A file in `work` with what the mirror has. What `work` holds from an earlier try is gone on with.

    Raises `MirrorError` when another mirror may do better, `OSError` when this machine is at fault (a full disk).
    """
    if isinstance(mirror, HubMirror):
        from sfm2.models.mirrors import hub

        return hub.fetch(mirror, entry, work, progress)
    if isinstance(mirror, IndexMirror):
        from sfm2.models.mirrors import index

        return index.fetch(mirror, entry, work, progress)
    from sfm2.models.mirrors import local

    return local.fetch(mirror, work, progress)
