"""A process that prints OpenVINO's devices as JSON, name by name: a driver that crashes takes only this one with it."""

from __future__ import annotations

import json


def main() -> None:
    """Print them."""
    import openvino

    core = openvino.Core()
    print(json.dumps({name: core.get_property(name, "FULL_DEVICE_NAME") for name in core.available_devices}))


if __name__ == "__main__":
    main()
