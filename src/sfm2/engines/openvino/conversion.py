"""The conversion itself, from a GGUF to what OpenVINO runs: once, cached under the digest and the settings.

    GGUF --dequantise--> F16 GGUF --OpenVINO GenAI's reader--> model + tokenizer --name, compress--> int4 model

Everything happens in a folder beside the final one, which is renamed at the end: interrupted or out of disk, nothing is
half there. The reader fails on quantisations such as Q5_0, hence the way over F16; it leaves the matrix multiplications
nameless, and adapters find them by name.
"""

from __future__ import annotations

import json
import re
import shutil
import struct
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from filelock import FileLock

from sfm2.atomic import replacing_folder
from sfm2.engines.openvino import f16
from sfm2.engines.openvino.complaints import plain
from sfm2.engines.openvino.presets import Preset
from sfm2.errors import WeightsError
from sfm2.models.dequantising import parameter_count
from sfm2.models.facts import FACTS, facts_of
from sfm2.models.gguf import GGUFHeader, read_header

ARCHITECTURES = ("llama", "qwen2", "qwen3")  # what OpenVINO GenAI 2026.4 builds from a GGUF
MODEL = "openvino_model.xml"
TOKENIZER = "openvino_tokenizer.xml"
_ON_THE_WAY = ("Convert", "Reshape", "Transpose", "Multiply", "Subtract")  # from a stored matrix to one in use
FORMAT = 1  # raise it when what is made here changes; folders of another one are not looked at
# Bytes on disk for each parameter: an F16 copy, the reader's F16 model, and the compressed one.
BYTES_PER_PARAMETER = 2 + 2 + 0.75

Progress = Callable[[str, float], None]
"""Called with the step's name and the share of the whole that is done, in [0, 1]."""


def is_converted(folder: Path) -> bool:
    """Whether `folder` holds a finished conversion."""
    return (folder / MODEL).is_file() and (folder / FACTS).is_file()


def convert(source: Path, folder: Path, preset: Preset, progress: Progress) -> None:
    """Make `folder` from the GGUF `source`. Two processes at once: the second waits for the first's result.

    Raises `WeightsError` when the architecture is unknown, the file is damaged, or the folder can't be written or holds too
    little.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not is_converted(folder):
                with replacing_folder(folder) as work:
                    _convert(source, work, preset, progress)
    except OSError as error:
        raise WeightsError(
            f"cannot convert {source.name} in {folder.parent}: {error.strerror or error}",
            suggestion="Free some disk space and let this user write there, or set storage.cache_dir to another folder",
        ) from error


def _convert(source: Path, work: Path, preset: Preset, progress: Progress) -> None:
    header = read_header(source)
    if header.architecture not in ARCHITECTURES:
        raise WeightsError(
            f"{source.name} has the architecture {header.architecture!r}; the engine runs {', '.join(ARCHITECTURES)}",
            suggestion='Set models.sfm2.engine to "llama": llama.cpp, once it is installed, may run it',
        )
    _check_disk(header, work.parent)
    dequantised = work / "f16.gguf"
    f16.write(header, dequantised, lambda share: progress("dequantising", 0.35 * share))
    progress("building the model", 0.4)
    _build(dequantised)
    dequantised.unlink()
    _read_whole_prompts(work)
    progress("compressing", 0.75)
    _compress(work, preset)
    (work / FACTS).write_text(json.dumps(asdict(facts_of(header)), indent=1), encoding="utf-8")
    progress("converted", 1.0)


def _check_disk(header: GGUFHeader, folder: Path) -> None:
    needed = int(BYTES_PER_PARAMETER * parameter_count(header))
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WeightsError(
            f"converting {header.path.name} needs {needed:,} bytes of disk for a while; {folder} has {free:,} free",
            suggestion="Free some disk space, or set storage.cache_dir to a larger disk",
        )


def _build(source: Path) -> None:
    """The model and the tokenizer as OpenVINO's files, beside the GGUF."""
    import openvino_genai

    try:
        openvino_genai.LLMPipeline(str(source), "CPU", enable_save_ov_model=True)
    except RuntimeError as error:
        raise WeightsError(f"the engine cannot build a model from these weights: {plain(error)}") from error


def _read_whole_prompts(work: Path) -> None:
    """Take the tokenizer's limit out: it would cut a prompt at 8,192 tokens without a word, and ours has its own limit.

    The limit is a 32-bit constant of the graph; the `.xml` gives its offset in the `.bin`.
    """
    graph = ElementTree.parse(work / TOKENIZER)  # noqa: S314 made by OpenVINO a moment ago
    layers = {layer.get("id"): layer for layer in graph.iter("layer")}
    minima = {number for number, layer in layers.items() if layer.get("type") == "Minimum"}
    sources = [layers[edge.get("from-layer")] for edge in graph.iter("edge") if edge.get("to-layer") in minima]
    with (work / TOKENIZER).with_suffix(".bin").open("r+b") as constants:
        for data in (source.find("data") for source in sources if source.get("type") == "Const"):
            if data is not None:
                constants.seek(int(data.get("offset", "")))
                constants.write(struct.pack("<i", 2**31 - 1))


def _compress(work: Path, preset: Preset) -> None:
    import nncf
    import openvino

    full = work / "full.xml"
    (work / MODEL).rename(full)
    (work / MODEL).with_suffix(".bin").rename(full.with_suffix(".bin"))
    model = openvino.Core().read_model(full)
    _name_by_weight(model)
    compressed = nncf.compress_weights(
        model,
        mode=nncf.CompressWeightsMode(preset.mode),
        group_size=preset.group_size,
        ratio=preset.ratio,
    )
    openvino.save_model(compressed, work / MODEL, compress_to_fp16=False)
    del model, compressed
    full.unlink()
    full.with_suffix(".bin").unlink()


def _name_by_weight(model: Any) -> None:
    """Name each matrix multiplication as PyTorch's export does; run-time adapters match by that."""
    for node in model.get_ops():
        name = weight_name(node.input_value(1).get_node()) if node.get_type_name() == "MatMul" else None
        if name is not None:
            node.set_friendly_name(f"__module.{name.removesuffix('.weight')}/ov_ext::linear/MatMul")


def weight_name(node: Any) -> str | None:
    """The matrix that this node of a model comes from, as transformers names it; None: it is no weight."""
    while node.get_type_name() in _ON_THE_WAY:
        node = node.input_value(0).get_node()
    name = str(node.get_friendly_name())
    if node.get_type_name() != "Constant" or not name.endswith(".weight"):
        return None
    return re.sub(r"\[(\d+)\]", r".\1", name)
