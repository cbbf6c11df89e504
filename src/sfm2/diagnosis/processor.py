"""The processor: whether it can do what the engine needs, and what makes it fast."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sfm2.diagnosis.finding import Finding, ok, problem, warning

NAME = "processor"
_X86 = ("x86_64", "amd64", "i686")
# What speeds the engine up, by Linux's names.
_FAST = {
    "avx2": "AVX2",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "bfloat16",
    "amx_tile": "AMX",
    "asimd": "NEON",
    "asimddp": "dot product",
    "i8mm": "int8 matrices",
    "sve": "SVE",
}
_CROWDED = 1.25  # times the cores
_WAIT = 5.0  # seconds for a program of the system


@dataclass(frozen=True)
class Processor:
    """A machine's processor."""

    name: str
    architecture: str
    """As `platform.machine` has it"""
    cores: int
    """That this process may use"""
    flags: frozenset[str]
    """Instruction sets by Linux's names; empty where they can't be read"""


def read_processor() -> Processor:
    """That of this machine."""
    name, flags = _from_linux() if platform.system() == "Linux" else _from_macos()
    architecture = platform.machine().lower()
    return Processor(name or platform.processor() or architecture, architecture, usable_cores(), flags)


def check_processor(processor: Processor, openvino: bool = True) -> Finding:
    """`openvino`: it is to run here; on x86 it needs AVX2."""
    fast = [shown for flag, shown in _FAST.items() if flag in processor.flags]
    cores = f"{processor.cores} core{'' if processor.cores == 1 else 's'}"
    found = f"{processor.name}, {cores}" + (f"; {', '.join(fast)}" if fast else "")
    if openvino and processor.architecture in _X86 and processor.flags and "avx2" not in processor.flags:
        return problem(
            NAME,
            f"{found}; without AVX2, which OpenVINO needs",
            'Build llama.cpp on this machine, put its llama-server on PATH, and set models.sfm2.engine to "llama"',
        )
    if processor.cores < 2:
        return warning(NAME, found, "Give it a second core: server and engine share this one")
    return ok(NAME, found)


def check_load(busy: float, cores: int) -> Finding:
    """`busy`: how many cores were wanted at once, on average of the last minute."""
    found = f"{busy:.1f} cores were wanted in the last minute, {cores} {'is' if cores == 1 else 'are'} there"
    if busy > cores * _CROWDED:
        return warning(
            "load", f"{found}: what is measured is slower than the machine", "Close what else uses the processor"
        )
    return ok("load", found)


def usable_cores() -> int:
    """Those that this process may use: fewer than the machine's in many containers."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def linux_processor(cpuinfo: str) -> tuple[str, frozenset[str]]:
    """Name and flags in the text of `/proc/cpuinfo`."""
    name = re.search(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*: (.+)$", cpuinfo, re.MULTILINE)
    return (name[1].strip() if name else ""), frozenset(flags[1].split() if flags else ())


def _from_linux() -> tuple[str, frozenset[str]]:
    try:
        return linux_processor(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return "", frozenset()


def _from_macos() -> tuple[str, frozenset[str]]:
    names = ("machdep.cpu.brand_string", "machdep.cpu.features", "machdep.cpu.leaf7_features")
    said = [_sysctl(name) for name in names]
    return said[0], frozenset(word.lower() for words in said[1:] for word in words.split())


def _sysctl(name: str) -> str:
    try:
        done = subprocess.run(["/usr/sbin/sysctl", "-n", name], capture_output=True, text=True, timeout=_WAIT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
