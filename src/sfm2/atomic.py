"""Files and folders that appear whole or not at all, even when the process is killed or the disk fills up.

The content is written next to the target, under a hidden name that ends in `.partial`, and renamed into place at the end.
Not covered: a power failure shortly after the rename, because nothing is flushed to the disk.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing_file(target: Path) -> Iterator[Path]:
    """Yield a path to write to; when the block ends, the file there takes the place of `target`.

    If the block raises, `target` stays as it was and the partial file is removed. Several processes may write the same
    target at once: the last one wins. Raises OSError when the file cannot be moved into place.
    """
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def write_json(target: Path, content: object) -> None:
    """Write `content` to `target` as JSON. Raises OSError."""
    with replacing_file(target) as partial:
        partial.write_text(json.dumps(content), encoding="utf-8")


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends, it takes the place of `target` and of all that `target` held.

    If the block raises, `target` stays as it was and the partial folder is removed. What a killed process left is removed
    by the next one. One process at a time may write a target: callers that cannot rule out a second one hold a lock. A
    process that is killed between the two renames leaves no `target`, but never half of one. Raises OSError when a folder
    cannot be created or moved.
    """
    partial, replaced = (target.with_name(f".{target.name}.{kind}") for kind in ("partial", "replaced"))
    for stale in (partial, replaced):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        yield partial
        _exchange(partial, target, replaced)
    finally:
        for rest in (partial, replaced):
            shutil.rmtree(rest, ignore_errors=True)


def _exchange(new: Path, target: Path, aside: Path) -> None:
    """Move `new` to `target`, and what was there to `aside`; if that fails, `target` is as it was."""
    had_one = target.exists()
    if had_one:
        target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        if had_one:
            aside.rename(target)
        raise
