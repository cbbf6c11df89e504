"""An adapter as GGUF, for llama.cpp's server (`--lora`) and the programs built on it.

The format is llama.cpp's (src/llama-adapter.cpp): `general.type` "adapter", `adapter.type` "lora", the base's architecture,
alpha, and for each matrix NAME of the base `NAME.lora_a` of shape (rank, inputs) and `NAME.lora_b` of (outputs, rank).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sfm2.atomic import replacing_file
from sfm2.errors import AdapterError, WeightsError
from sfm2.models.adapters import Adapter
from sfm2.models.gguf import GGUFHeader
from sfm2.models.tensor_names import ARCHITECTURES, gguf_name

if TYPE_CHECKING:
    import numpy as np

_PEFT = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")


def write(adapter: Adapter, architecture: str, path: Path) -> None:
    """Write it to `path`, for a base with this architecture, as GGUF names it.

    Raises WeightsError when the adapter changes matrices that the base does not have.
    """
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    named = {tensor_name(name): values for name, values in sorted(load_file(adapter.path).items())}
    with replacing_file(path) as partial:
        writer = gguf.GGUFWriter(partial, architecture)
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", adapter.scale * adapter.rank)
        for name, values in named.items():
            writer.add_tensor(name, np.ascontiguousarray(values, np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def check_fits(adapter: Adapter, base: GGUFHeader) -> None:
    """Raise AdapterError unless it can be loaded beside `base`: llama.cpp's server does not start with one that can't."""
    from safetensors.numpy import load_file

    try:
        if base.architecture not in ARCHITECTURES:
            raise WeightsError(
                f"adapters of {base.architecture} are not supported; those of {', '.join(ARCHITECTURES)} are"
            )
        tensors = {tensor_name(name): values for name, values in load_file(adapter.path).items()}
        _check(tensors, {one.name: one.shape for one in base.tensors})
    except (WeightsError, ValueError, KeyError) as error:
        raise AdapterError(f"the adapter {adapter.name} can't be loaded: {error}") from error


def tensor_name(name: str) -> str:
    """The GGUF name of one of PEFT's tensors. Raises WeightsError when it is none of a LoRA."""
    match = _PEFT.fullmatch(name)
    if match is None:
        raise WeightsError(f"the adapter's tensor {name!r} is not part of a LoRA")
    return f"{gguf_name(match[1])}.weight.lora_{match[2].lower()}"


def _check(tensors: dict[str, np.ndarray], base: dict[str, tuple[int, ...]]) -> None:
    import numpy as np

    for name in tensors:
        matrix = name.rpartition(".")[0]
        down, up = tensors.get(f"{matrix}.lora_a"), tensors.get(f"{matrix}.lora_b")
        if down is None or up is None:
            raise WeightsError(f"of {matrix} it has one half only")
        if matrix not in base:
            raise WeightsError(f"the model has no {matrix}")
        inputs, outputs = base[matrix]  # GGUF's order
        if (down.shape[1:], up.shape[:1]) != ((inputs,), (outputs,)) or down.shape[:1] != up.shape[1:]:
            raise WeightsError(
                f"{matrix} is {outputs} x {inputs} in the model; the adapter has {up.shape} x {down.shape} for it"
            )
        if not np.isfinite(tensors[name].astype(np.float16)).all():
            raise WeightsError(f"{name} has values that are no numbers")
