"""`python -m sfm2.engines.openvino.convert SOURCE FOLDER PRESET`: a conversion in a process of its own.

What it takes in memory is given back when it ends, and killing it is all it takes to stop it. Progress goes to standard
output as lines of JSON; what libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from sfm2.engines.openvino.conversion import convert
from sfm2.engines.openvino.presets import preset
from sfm2.errors import WeightsError


def main(source: str, folder: str, preset_name: str) -> int:
    """Convert `source` into `folder`; returns the exit status."""
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def report(**fields: Any) -> None:
        lines.write(json.dumps(fields) + "\n")

    try:
        convert(Path(source), Path(folder), preset(preset_name), lambda step, share: report(step=step, share=share))
    except WeightsError as error:
        report(message=error.message, suggestion=error.suggestion)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
