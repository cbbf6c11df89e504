"""Containing the current process, as far as the operating system allows. It cannot be undone.

The measures, by name:
- "limits": processor time, memory, file size, open files, and no core dump;
- "network": an empty network namespace (Linux);
- "files": everything is read-only except the working folder, a small file system in memory (Linux namespaces);
- "system calls": see `seccomp` (Linux);
- "python": an audit hook in which Python refuses to connect, to start or signal processes, to call C and, unless "files" is
  in force, to write outside the working folder. Alone it is no protection against malice: `dir_fd` and C code get past it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sfm2.evals import seccomp

Hook = Callable[[str, tuple[Any, ...]], None]

_NEW_USER, _NEW_NETWORK, _NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000
_PRIVATE, _RECURSIVE, _NO_DEVICES, _NO_SETUID = 1 << 18, 1 << 14, 4, 2
_MOUNT_SETATTR, _HERE, _AT_RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 1
_DIE_WITH_PARENT, _DUMPABLE = 1, 4
_CAPABILITIES_VERSION = 0x20080522  # version 3: each of the three sets has two words
_MOST_FILES = 64  # open at once
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_REFUSED = frozenset(
    {
        *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"),
        *("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"),
        *("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system"),
        *("subprocess.Popen", "pty.spawn"),
        *("os.kill", "os.killpg", "signal.pthread_kill"),
        *("ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.call_function", "ctypes.string_at", "ctypes.set_exception"),
    }
)
_CHANGING = frozenset(
    {
        *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
        *("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr", "os.chflags"),
        *("shutil.rmtree", "sqlite3.connect"),  # the first continues with `dir_fd`, the second in C
    }
)


def contain(folder: str, seconds: int, memory: int, file_size: int) -> list[str]:
    """Contain this process, and return the names of the measures that are in force.

    `folder` is the only place where it may write; `seconds` limits the processor time; `memory` and `file_size` are in
    bytes. A measure that the system does not support is left out of the result.
    """
    os.chdir(folder)
    in_force = ["limits"] if _limit(seconds, memory, file_size) else []
    if sys.platform == "linux":
        in_force += _linux(folder, file_size)
    sys.addaudithook(_refuser(None if "files" in in_force else os.path.realpath(folder)))
    return [*in_force, "python"]


def _limit(seconds: int, memory: int, file_size: int) -> bool:
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: file_size,
        resource.RLIMIT_NOFILE: _MOST_FILES,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    try:
        for limit, value in limits.items():
            resource.setrlimit(limit, (value, value))
    except (ValueError, OSError):  # macOS rejects some of them
        return False
    return True


def _linux(folder: str, file_size: int) -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    in_force = []
    if _user_namespace(libc):
        if libc.unshare(_NEW_NETWORK) == 0:
            in_force.append("network")
        if libc.unshare(_NEW_MOUNTS) == 0 and _read_only(libc, folder, file_size):
            in_force.append("files")
    _drop_capabilities(libc)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    return [*in_force, *(["system calls"] if seccomp.restrict(libc) else [])]


def _user_namespace(libc: ctypes.CDLL) -> bool:
    """Enter a user namespace, in which this process may create other namespaces; the user id stays the same."""
    ids = {"uid_map": os.getuid(), "gid_map": os.getgid()}
    if libc.unshare(_NEW_USER) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        for name, number in ids.items():
            Path("/proc/self", name).write_text(f"{number} {number} 1", encoding="ascii")
    except OSError:
        return False
    return True


def _read_only(libc: ctypes.CDLL, folder: str, size: int) -> bool:
    """Make everything read-only except `folder`, which becomes a file system of `size` bytes in memory."""
    wanted = (ctypes.c_uint64 * 4)(_READ_ONLY, 0, 0, 0)
    options = f"size={size},mode=0700".encode()
    done = (
        libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) == 0
        and libc.syscall(_MOUNT_SETATTR, _HERE, b"/", _AT_RECURSIVE, wanted, ctypes.sizeof(wanted)) == 0
        and libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", _NO_DEVICES | _NO_SETUID, options) == 0
    )
    os.chdir(folder)
    return bool(done)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def _refuser(folder: str | None) -> Hook:
    """The audit hook. `folder` is the only one that may be written to; None: writing is restricted by other means."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _REFUSED or (folder is not None and _writes_outside(folder, event, arguments)):
            raise PermissionError(f"{event} is not allowed in the sandbox")

    return hook


def _writes_outside(folder: str, event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        path, _, flags = arguments
        return bool((flags or 0) & _WRITING) and not _within(folder, path)
    return event in _CHANGING and not all(_within(folder, path) for path in arguments[:2])


def _within(folder: str, path: Any) -> bool:
    """Whether a path is in `folder`. True for what is not a path, such as a descriptor: it was checked when opened."""
    if not isinstance(path, str | bytes):
        return True
    real = os.path.realpath(os.fsdecode(path))
    return real in (os.devnull, folder) or real.startswith(folder + os.sep)
