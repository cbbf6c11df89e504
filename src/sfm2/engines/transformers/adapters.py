"""A LoRA on a model whose own weights it shares with others: each adapter has layers, and the memory, of its own only."""

from __future__ import annotations

import copy
import re
from itertools import chain
from typing import Any

import torch
from safetensors.torch import load_file

from sfm2.engines.base import AdapterFile

_NAME = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")


def with_adapter(model: Any, adapter: AdapterFile) -> Any:
    """A model like `model`, which stays as it is, with the adapter on. Raises ValueError when that is unfit or damaged."""
    from peft import LoraConfig, inject_adapter_in_model  # takes seconds, and not everybody has adapters

    pairs = _pairs(load_file(adapter.path))
    ranks = {module: pair["A"].shape[0] for module, pair in pairs.items()}
    rank = max(ranks.values(), default=1)
    _check(model, pairs)
    twin = copy.deepcopy(model, {id(one): one for one in chain(model.parameters(), model.buffers())})
    config = LoraConfig(
        r=rank,
        lora_alpha=adapter.scale * rank,
        target_modules=list(pairs),
        rank_pattern={re.escape(module): own for module, own in ranks.items() if own != rank},
        alpha_pattern={re.escape(module): adapter.scale * own for module, own in ranks.items() if own != rank},
    )
    inject_adapter_in_model(config, twin)
    for module, pair in pairs.items():
        layer = twin.get_submodule(module)
        for side, own in (("A", layer.lora_A), ("B", layer.lora_B)):
            own["default"].to(device=model.device, dtype=model.dtype).weight.data.copy_(pair[side])
    return twin.eval().requires_grad_(False)


def _pairs(tensors: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """Both matrices of each module."""
    pairs: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"the tensor {name} is not one of a LoRA")
        if not torch.isfinite(tensor).all():
            raise ValueError(f"the tensor {name} holds values that are no numbers")
        pairs.setdefault(match[1], {})[match[2]] = tensor
    if not pairs:
        raise ValueError("it holds no tensors")
    return pairs


def _check(model: Any, pairs: dict[str, dict[str, torch.Tensor]]) -> None:
    modules = dict(model.named_modules())
    for module, pair in pairs.items():
        if not isinstance(modules.get(module), torch.nn.Linear):
            raise ValueError(f"the model has no matrix {module}")
        if set(pair) != {"A", "B"}:
            raise ValueError(f"one of the two matrices of {module} is missing")
        (out, into), a, b = modules[module].weight.shape, pair["A"].shape, pair["B"].shape
        if (b[0], a[1]) != (out, into) or a[0] != b[1]:
            raise ValueError(f"the matrices of {module} are {tuple(b)} and {tuple(a)}; the model's is {(out, into)}")
