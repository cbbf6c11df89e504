"""Makes an index in a process of its own, which nobody waits for: `python -m sfm2.repository.unattended CACHE ROOT`.

A process and no thread, so that parsing does not slow down who types meanwhile, and so that it ends its work though the
command that began it has ended long before.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from sfm2.errors import RepositoryError, SFM2Error
from sfm2.installation import command_for
from sfm2.repository import listing
from sfm2.repository.collection import IndexCollection

LARGEST = 20_000
"""Files that a repository may have to be indexed unasked: minutes on one core. `sfm2 index add` takes any number."""
GONE = 30 * 86_400.0
"""Seconds without an update after which the index of a folder that is gone is deleted: its disk may come back before."""
_POLITENESS = 10  # is added to the priority: what people wait for comes first
_log = logging.getLogger(__name__)


def begin(cache_dir: Path, root: Path) -> None:
    """Have a folder indexed by another process. Returns at once; how it ended is logged if this process lasts until then."""
    if find_spec("filelock") is None:
        _log.info("%s is not indexed: %s", root, command_for("index"))
        return
    # Not from the working directory (-P): a repository must not decide which modules run.
    command = [sys.executable, "-P", "-m", "sfm2.repository.unattended", str(cache_dir), str(root)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        _log.info("%s can't be indexed: %s", root, error)
        return
    _log.info("%s is being indexed", root)
    threading.Thread(target=_report, args=(process, root), name="index-report", daemon=True).start()


def _report(process: subprocess.Popen[bytes], root: Path) -> None:
    _, said = process.communicate()
    outcome = f"has ended with {process.returncode}" if process.returncode else "is done"
    _log.info("indexing %s %s %s", root, outcome, said.decode(errors="replace").strip())


def main(cache_dir: Path, root: Path) -> None:
    """Index a folder, and delete indexes of what is gone: who asks for none does not tidy up either.

    Raises `RepositoryError` for a folder that is too large for that, and what `update` raises.
    """
    collection = IndexCollection(cache_dir)
    _tidy(collection)
    files = len(listing.names(root))
    if files > LARGEST:
        raise RepositoryError(f"{root} has {files:,} files", suggestion=f"`sfm2 index add {root}` indexes it")
    with collection.open(root) as index:
        index.update()


def _tidy(collection: IndexCollection) -> None:
    for place in collection.list():
        with suppress(RepositoryError, OSError):  # another process does the same
            if not place.root.exists() and time.time() - place.file.stat().st_mtime > GONE:
                collection.remove(place.root)


if __name__ == "__main__":
    os.nice(_POLITENESS)
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except SFM2Error as error:
        sys.exit(f"{error.message}. {error.suggestion}")
