"""The matrices as the engine multiplies by them: what compression left of the weights.

An adapter that is trained beside the compressed matrices makes good what compression cost, rather than meeting it for the
first time when it is served (Dettmers et al. 2023, "QLoRA").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sfm2.engines.openvino.conversion import MODEL, weight_name

_MATRIX_INPUT = {"MatMul": 1, "Gather": 0}  # the embedding is looked up, all others are multiplied by


def matrices(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Name, as transformers has it, and values in 32 bits, of each matrix of a converted model."""
    import openvino

    core = openvino.Core()
    model = core.read_model(folder / MODEL)
    seen: set[str] = set()
    for node in model.get_ops():
        place = _MATRIX_INPUT.get(node.get_type_name())
        name = weight_name(node.input_value(place).get_node()) if place is not None else None
        if name is not None and name not in seen:
            seen.add(name)
            yield name, _values(core, node.input_value(place))


def _values(core: Any, output: Any) -> np.ndarray:
    """What the constants and what is done with them come to."""
    import openvino

    part = openvino.Model([output], [], "matrix")
    values: np.ndarray = core.compile_model(part, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({})[0]
    return values
