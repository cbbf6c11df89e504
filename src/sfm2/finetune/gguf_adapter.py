"""Writing an adapter as GGUF, for llama.cpp's server (`--lora`) and the programs built on it.

The format is llama.cpp's (src/llama-adapter.cpp): `general.type` "adapter", `adapter.type` "lora", the base's architecture,
alpha, and for each matrix NAME of the base `NAME.lora_a` of shape (rank, inputs) and `NAME.lora_b` of (outputs, rank).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

from sfm2.atomic import replacing_file
from sfm2.errors import WeightsError
from sfm2.finetune.base import gguf_name
from sfm2.models.adapters import read_adapter

if TYPE_CHECKING:
    from peft import PeftModel

FILE = "adapter.gguf"
TOLERANCE = 1e-3
"""The largest difference of a logit between the two files that is accepted: both hold the same 16-bit numbers."""
_PEFT = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")
_PROBE = range(100, 132)  # token ids of an arbitrary text


def write(folder: Path, architecture: str) -> Path:
    """Write the PEFT adapter in `folder` as GGUF into the same folder, and return the new file's path.

    `architecture` is the base's, as GGUF names it. Raises AdapterError when the folder is not an adapter, and WeightsError
    when the adapter changes matrices that the base does not have.
    """
    from safetensors.numpy import load_file

    adapter = read_adapter(folder, folder.name)
    with replacing_file(folder / FILE) as partial:
        writer = gguf.GGUFWriter(partial, architecture)
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", adapter.scale * adapter.rank)
        for name, values in sorted(load_file(adapter.path).items()):
            writer.add_tensor(_gguf_name(name), np.ascontiguousarray(values, np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return folder / FILE


def difference(model: PeftModel, path: Path) -> float:
    """The largest absolute difference of a logit between `model` as it is and with the adapter from the GGUF file `path`.

    The model keeps the file's numbers afterwards. Raises WeightsError when the file lacks a tensor of the adapter.
    """
    import torch

    ids = torch.tensor([list(_PROBE)], device=model.device)
    with torch.no_grad():
        before = model(input_ids=ids).logits.float()
        _load_into(model, path)
        after = model(input_ids=ids).logits.float()
    return float((before - after).abs().max())


def _load_into(model: Any, path: Path) -> None:
    import torch

    tensors = {tensor.name: tensor.data for tensor in gguf.GGUFReader(path).tensors}
    for name, weight in model.named_parameters():
        if ".lora_" not in name:
            continue
        wanted = _gguf_name(name.replace(".default.", "."))
        if wanted not in tensors:
            raise WeightsError(f"{path} lacks {wanted}")
        weight.data = torch.tensor(np.array(tensors[wanted]), dtype=weight.dtype, device=weight.device)


def _gguf_name(name: str) -> str:
    match = _PEFT.fullmatch(name)
    if match is None:
        raise WeightsError(f"the adapter's tensor {name!r} is not part of a LoRA")
    return f"{gguf_name(match[1])}.weight.lora_{match[2].lower()}"
