"""A seccomp filter for this process: no new processes or programs, no sockets, no signals, no access to others' memory.

Linux on x86-64 and arm64. See seccomp(2) and linux/filter.h; the numbers are those of the kernel's system call tables.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from collections.abc import Sequence

# fork, vfork, clone, clone3; execve, execveat; socket, io_uring_setup; kill, tkill, tgkill, rt_sigqueueinfo,
# rt_tgsigqueueinfo, pidfd_send_signal; ptrace, process_vm_readv, process_vm_writev; mount, umount2, mount_setattr,
# move_mount, unshare, setns; bpf. arm64 has no fork and vfork.
_X86_64 = "57 58 56 435 59 322 41 425 62 200 234 129 297 424 101 310 311 165 166 442 429 272 308 321"
_ARM64 = "220 435 221 281 198 425 129 130 131 138 240 424 117 270 271 40 39 442 429 97 268 280"
_TABLES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _ARM64)}
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
_NUMBER_AT, _MACHINE_AT = 0, 4
_OTHER_TABLE = 0x40000000  # from here on x32 system calls, which have other numbers
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2


class _FilterProgram(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def restrict(libc: ctypes.CDLL) -> bool:
    """Install the filter, which can't be removed. Returns whether it is in force; False on other machines."""
    if platform.machine() not in _TABLES:
        return False
    machine, refused = _TABLES[platform.machine()]
    steps = _steps(machine, [int(number) for number in refused.split()])
    program = _FilterProgram(len(steps) // 8, steps)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _steps(machine: int, refused: Sequence[int]) -> bytes:
    """The filter as BPF instructions; a refused call fails with EPERM."""
    steps = [
        _step(_LOAD, _MACHINE_AT),
        _step(_IF_EQUAL, machine, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER_AT),
        _step(_IF_AT_LEAST, _OTHER_TABLE, 0, 1),
        _step(_RETURN, _KILL),
    ]
    for number in refused:
        steps += [_step(_IF_EQUAL, number, 0, 1), _step(_RETURN, _FAIL)]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", code, then, otherwise, value)
