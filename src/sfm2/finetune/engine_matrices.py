"""The matrices that the engine multiplies by: the weights after compression.

An adapter that is trained next to the compressed matrices learns to compensate for the compression, instead of meeting it
only when it is served (Dettmers et al. 2023, "QLoRA").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sfm2.engines.openvino.conversion import MODEL, weight_name

# The input of each operation that is a weight matrix: the embedding is gathered from, all others are multiplied by.
_MATRIX_INPUT = {"MatMul": 1, "Gather": 0}


def matrices(folder: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Each matrix of the converted model in `folder`: its name in transformers, and its values as float32."""
    import openvino

    core = openvino.Core()
    model = core.read_model(folder / MODEL)
    seen: set[str] = set()
    for node in model.get_ops():
        index = _MATRIX_INPUT.get(node.get_type_name())
        name = weight_name(node.input_value(index).get_node()) if index is not None else None
        if name is not None and name not in seen:
            seen.add(name)
            yield name, _values(core, node.input_value(index))


def _values(core: Any, output: Any) -> np.ndarray:
    """The value of an output that depends on constants only: decompression, evaluated."""
    import openvino

    part = openvino.Model([output], [], "matrix")
    values: np.ndarray = core.compile_model(part, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({})[0]
    return values
