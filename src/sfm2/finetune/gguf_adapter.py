"""Writing a trained adapter as GGUF, and comparing the two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

from sfm2.errors import WeightsError
from sfm2.models import adapter_gguf
from sfm2.models.adapters import read_adapter

if TYPE_CHECKING:
    from peft import PeftModel

FILE = "adapter.gguf"
TOLERANCE = 1e-3
"""The largest difference of a logit between the two files that is accepted: both hold the same 16-bit numbers."""
_PROBE = range(100, 132)  # token ids of an arbitrary text


def write(folder: Path, architecture: str) -> Path:
    """Write the PEFT adapter in `folder` as GGUF into the same folder, and return the new file's path.

    `architecture` is the base's, as GGUF names it. Raises AdapterError when the folder is not an adapter, and WeightsError
    when the adapter changes matrices that the base does not have.
    """
    adapter_gguf.write(read_adapter(folder, folder.name), architecture, folder / FILE)
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
        wanted = adapter_gguf.tensor_name(name.replace(".default.", "."))
        if wanted not in tensors:
            raise WeightsError(f"{path} lacks {wanted}")
        weight.data = torch.tensor(np.array(tensors[wanted]), dtype=weight.dtype, device=weight.device)
