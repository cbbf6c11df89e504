"""A local file as a mirror: hard-linked where the file system allows it, else copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sfm2.models.catalogue import FileMirror
from sfm2.models.mirrors.failures import MirrorError
from sfm2.models.progress import Progress


def fetch(mirror: FileMirror, work: Path, progress: Progress) -> Path:
    """Link or copy the file to `work/local.gguf`. Errors: see `mirrors.fetch`."""
    source = mirror.path.resolve()
    if not source.is_file():
        raise MirrorError("no such file")
    if not os.access(source, os.R_OK):
        raise MirrorError("the file can't be read")
    target = work / "local.gguf"
    target.unlink(missing_ok=True)
    size = source.stat().st_size
    progress("copying", 0, size)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    progress("copying", size, size)
    return target
