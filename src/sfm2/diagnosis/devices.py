"""Devices: what OpenVINO and NVIDIA's driver find, and whether the settings' device is among it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping

from sfm2.diagnosis.finding import Finding, ok, problem, warning
from sfm2.errors import ConfigError

NAME = "device"
_WAIT = 20.0  # seconds; a driver that is broken may wait for ever
_QUERY = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")


class DeviceError(Exception):
    """A program that lists devices failed; the message is what it said last."""


def openvino_devices() -> dict[str, str]:
    """OpenVINO's devices of this machine, by name. Raises `DeviceError`."""
    return dict(json.loads(_said([sys.executable, "-P", "-m", "sfm2.diagnosis.list_devices"])))


def nvidia_devices() -> list[str]:
    """NVIDIA's, one text each with driver and memory; empty without `nvidia-smi`. Raises `DeviceError`."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    rows = [line.split(", ") for line in _said([program, *_QUERY]).splitlines() if line.strip()]
    return [f"{row[0]} (driver {row[1]}, {row[2]})" if len(row) == 3 else ", ".join(row) for row in rows]


def check_device(wanted: str, present: Mapping[str, str]) -> Finding:
    """`wanted`: models.sfm2.device. The same decision as the engine's own."""
    from sfm2.engines.openvino.placement import device_for

    try:
        device = device_for(wanted, list(present))
    except ConfigError as error:
        return problem(NAME, error.message, error.suggestion)
    if device.note and wanted.lower() != "auto":
        return problem(
            NAME,
            f'models.sfm2.device is "{wanted}": {device.note}',
            'Set models.sfm2.device to "auto"; or install one of these, with models.sfm2.engine at "auto"',
        )
    title = present.get(device.name, present.get(f"{device.name}.0", ""))
    return ok(NAME, f"{device.name}{f' ({title})' if title else ''}; {device.note or 'as models.sfm2.device asks'}")


def check_nvidia(found: list[str], *, used: bool) -> list[Finding]:
    """`used`: whether an engine runs that may use them."""
    if not found:
        return []
    use = "" if used else '; not used: a llama-server that was built for it would, with models.sfm2.device "cuda"'
    return [ok("gpu", ", ".join(found) + use)]


def broken_driver(error: DeviceError) -> Finding:
    """What to say of NVIDIA's driver if its own program fails."""
    return warning("gpu", f"nvidia-smi fails: {error}", "After an update of the driver, restart the machine")


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WAIT)
    except subprocess.TimeoutExpired as error:
        raise DeviceError(f"it did not answer within {_WAIT:g} s") from error
    except OSError as error:
        raise DeviceError(error.strerror or str(error)) from error
    if done.returncode != 0:
        lines = (done.stderr + done.stdout).strip().splitlines()
        raise DeviceError(lines[-1].strip() if lines else f"status {done.returncode}")
    return done.stdout
