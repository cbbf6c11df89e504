"""The newest commit of a repository elsewhere, fetched by git into a folder: never a question, never a program of its own.

The program takes what a person's git is set up with: credential helpers, keys of ssh, proxies.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sfm2.corpus import git
from sfm2.corpus.git_url import GitURL
from sfm2.errors import RepositoryError

TIMEOUT = 900.0
"""Seconds for a repository, in all"""
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "gc.autoDetach=false"),
    *("-c", "maintenance.autoDetach=false", "-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"),
)
# Nobody is there to answer: no prompt of git, of ssh, or of a program with a window.
_SILENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_ALLOW_PROTOCOL": ":".join(["file", "https", "ssh"]),  # also where a server sends it elsewhere
    "GIT_LFS_SKIP_SMUDGE": "1",  # what LFS keeps is no code
    "LC_ALL": "C",
}
_log = logging.getLogger(__name__)


class _Cause(NamedTuple):
    """What git's words mean."""

    words: re.Pattern[str]
    what: str
    suggestion: str


_LOGIN = "Set up a credential helper of git or a key of ssh for the user that runs this; `git ls-remote URL` tries it"
_CAUSES = [
    _Cause(re.compile(words, re.IGNORECASE), what, suggestion)
    for words, what, suggestion in (
        ("host key verification failed", "its host's key is not known", "Connect once with ssh, and compare the key"),
        (
            "could not read (username|password)|authentication failed|permission denied|error: 40[13]",
            "it wants to know who asks",
            _LOGIN,
        ),
        (
            "could not resolve|name resolution|failed to connect|couldn't connect|connection (refused|timed out|reset)"
            "|connection closed|unreachable|operation timed out|no route to host|operation too slow",
            "its host can't be reached",
            "Look at the network, the address and git's proxy",
        ),
        ("dubious ownership", "it belongs to another user", "Allow it in `git config --global safe.directory`"),
        ("couldn't find remote ref head", "it has no commit yet", "Add it when it has one"),
        (
            "does not appear to be a git repository|not a git repository|repository .*not found|does not exist|error: 404"
            "|is this a git repository",
            "there is no git repository that you may read",
            "Look at the address; a private one may seem to be missing to who has not logged in",
        ),
        (
            "certificate|ssl|tls",
            "its host can't prove who it is",
            "Look at the certificate, and at git's http.sslCAInfo",
        ),
        ("no space left", "the disk is full", "Free some space"),
    )
]


def fetch_into(folder: Path, url: GitURL) -> None:
    """Give a folder, empty or filled by this, the files of the newest commit. Nothing in it names more than `url.shown`.

    Raises `RepositoryError`; the files are those from before, or in part new, and the next fetch puts them right.
    """
    end = time.monotonic() + TIMEOUT
    git_folder = folder / ".git"
    if not git_folder.is_dir():
        _run(folder, url, end, "init", "--quiet", "--template=")
        # Links would be followed by whoever reads the files; old commits are of no use here.
        _run(folder, url, end, "config", "core.symlinks", "false")
        _run(folder, url, end, "config", "core.logAllRefUpdates", "false")
    for left in git_folder.glob("*.lock"):  # by one that was killed: only one at a time runs
        left.unlink(missing_ok=True)
    _run(
        folder,
        url,
        end,
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "--",
        url.given,
        "HEAD",
    )
    _run(folder, url, end, "reset", "--quiet", "--hard", "FETCH_HEAD")
    _run(folder, url, end, "clean", "--quiet", "-ffdx")


def is_sound(folder: Path) -> bool:
    """Whether git knows which commit a folder has."""
    return (folder / ".git").is_dir() and git.output(folder, "rev-parse", "--verify", "HEAD^{tree}") is not None


def _run(folder: Path, url: GitURL, end: float, *arguments: str) -> None:
    command = ["git", "-C", str(folder), *_SAFE, *arguments]
    # Not a pipe: what ssh leaves running, to be quicker the next time, would keep that open.
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env=_surroundings(),
                **_apart(),
            )
        except FileNotFoundError as error:
            raise RepositoryError(
                f"{url.shown} can't be fetched: git is not installed", suggestion="Install git, or add a folder"
            ) from error
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise RepositoryError(
                f"{url.shown} can't be fetched: it took longer than {TIMEOUT:,.0f} s",
                suggestion="Look at the network; a repository that large can be cloned by hand and added as a folder",
            ) from error
        except BaseException:
            _end(process)
            raise
        if process.returncode:
            said.seek(0)
            raise _error(url, said.read().decode(errors="replace"))


def _error(url: GitURL, said: str) -> RepositoryError:
    hidden = url.hidden(said).strip()
    _log.info("git: %s", hidden)
    for cause in _CAUSES:
        if cause.words.search(said):
            return RepositoryError(f"{url.shown} can't be fetched: {cause.what}", suggestion=cause.suggestion)
    last = hidden.rpartition("\n")[2] or "git failed"
    return RepositoryError(
        f"{url.shown} can't be fetched: {last}", suggestion="`git ls-remote URL` tries the same by hand"
    )


def _surroundings() -> dict[str, str]:
    """The environment of git. How ssh is called is the person's own, but for its questions."""
    found = git.surroundings()
    ssh = found.get("GIT_SSH_COMMAND") or _configured_ssh() or "ssh"
    return {**found, **_SILENT, "GIT_SSH_COMMAND": f"{ssh} -o BatchMode=yes"}


def _configured_ssh() -> str | None:
    found = git.output(Path.home(), "config", "--get", "core.sshCommand")
    return found.decode().strip() if found else None


def _apart() -> dict[str, Any]:
    """Without a terminal to ask at; files are for their owner."""
    return {"start_new_session": True, "umask": 0o077} if os.name == "posix" else {}


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it has started."""
    with suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
