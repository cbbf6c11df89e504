"""Versions: of Python, of SFM-2, and of the packages that the engine is made of."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import sfm2
from sfm2.diagnosis.finding import Finding, ok, problem
from sfm2.installation import command_for

NAME = "versions"
ENGINE = ("openvino", "openvino-genai", "openvino-tokenizers", "numpy")
_TOGETHER = ENGINE[:3]  # built for each other: their release must be the same


def read_versions() -> dict[str, str | None]:
    """Of each package of the engine; None: it is not installed."""
    return {name: _version(name) for name in ENGINE}


def check_packages(found: Mapping[str, str | None], engine_needed: bool) -> Finding:
    """`engine_needed`: the settings ask for an engine of our own."""
    shown = f"SFM-2 {sfm2.__version__}, Python {platform.python_version()}"
    here = {name: number for name, number in found.items() if number}
    missing = [name for name in found if name not in here]
    if missing and engine_needed:
        return problem(NAME, f"{shown}; without {', '.join(missing)}", command_for("engine"))
    releases = {".".join(here[name].split(".")[:2]) for name in _TOGETHER if name in here}
    told = ", ".join([shown, *(f"{name} {number}" for name, number in here.items())])
    if len(releases) > 1:
        return problem(NAME, f"{told}: OpenVINO's three are of different releases", command_for("engine"))
    return ok(NAME, told)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
