"""Whether this machine has a GPU that the installed PyTorch could use, found without loading PyTorch, which takes long."""

from __future__ import annotations

import ctypes
import re
import sys
from importlib.util import find_spec
from pathlib import Path

_DRIVER = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_BUILD = re.compile(r"^cuda\b[^=]*= '(\d+)\.(\d+)'", re.M)


def why_not() -> str | None:
    """Why it can't be used, as a clause; None: it can."""
    built = _built_for()
    if built is None:
        return "PyTorch is not installed, or was built without CUDA"
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return "there is no NVIDIA driver"
    version, found = ctypes.c_int(), ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(found)) or not found.value:
        return "the NVIDIA driver finds no GPU"
    driver.cuDriverGetVersion(ctypes.byref(version))
    if version.value // 1000 < built[0]:  # within a major version, newer builds run on older drivers
        return (
            f"the NVIDIA driver is for CUDA {version.value // 1000}.{version.value % 1000 // 10}, "
            f"PyTorch for {built[0]}.{built[1]}"
        )
    return None


def _built_for() -> tuple[int, int] | None:
    """The version of CUDA that PyTorch was built for."""
    found = find_spec("torch")
    if found is None or found.origin is None or find_spec("transformers") is None:
        return None
    try:
        match = _BUILD.search((Path(found.origin).parent / "version.py").read_text(encoding="utf-8"))
    except OSError:
        return None
    return (int(match[1]), int(match[2])) if match else None
