"""A weights file of ours as a Hugging Face folder: the same numbers, dequantised to bfloat16, and the same tokenizer.

The output head is a matrix of its own even where it equals the embedding, as in `sfm2.finetune.base`: adapters change one
and not the other.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from filelock import FileLock

from sfm2.atomic import replacing_folder
from sfm2.errors import WeightsError
from sfm2.models.dequantising import dequantised
from sfm2.models.exporting import bf16
from sfm2.models.exporting.config import config, generation_config
from sfm2.models.exporting.tokenizer import tokenizer, tokenizer_config
from sfm2.models.facts import FACTS, facts_of
from sfm2.models.gguf import GGUFHeader, read_header
from sfm2.models.progress import Progress, silent
from sfm2.models.store import converted
from sfm2.models.tensor_names import ARCHITECTURES, transformers_name
from sfm2.models.weights import WeightsFile

TENSORS = "model.safetensors"
FORMAT = 1  # raise it when what is made here changes; folders of another one are not looked at
_EMBEDDING, _HEAD = "model.embed_tokens.weight", "lm_head.weight"


def exported(weights: WeightsFile, cache_dir: Path, report: Callable[[str, float | None], None]) -> Path:
    """The folder in `cache_dir` (`settings.storage.cache_dir`) with these weights, made now unless it is there; weights that
    are such a folder themselves stay where they are.

    `report` gets the step's name and the share of it that is done, in [0, 1]. Two processes at once: the second waits for
    the first's result. Raises `WeightsError` as `export_to` does.
    """
    if weights.is_folder:
        return weights.path.resolve()
    folder = folder_for(weights, cache_dir)
    if not is_exported(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(f"{folder}.lock")
            lock.acquire()
        except OSError as error:
            raise _unwritable(weights, folder, error) from error
        with lock:
            if not is_exported(folder):
                _export(weights, folder, lambda step, done, total: report(step, done / total if total else None))
    return folder


def folder_for(weights: WeightsFile, cache_dir: Path) -> Path:
    """Where the export of these weights is, or would be."""
    prefix = converted(cache_dir, weights.sha256)
    return prefix.with_name(f"{prefix.name}-hf-bf16-f{FORMAT}")


def is_exported(folder: Path) -> bool:
    """Whether `folder` holds a finished export."""
    return (folder / TENSORS).is_file() and (folder / "config.json").is_file()


def export_to(weights: WeightsFile, folder: Path, progress: Progress = silent) -> Path:
    """Write these weights to `folder`, which must be new or empty; whole, or not at all.

    Two processes at once: the second waits, and is refused. Raises `WeightsError` when the architecture or the tokenizer is
    unknown, the file is damaged, or the folder holds anything, can't be written or replaced, or has too little space.
    """
    if weights.is_folder:
        raise WeightsError(f"{weights.path} is a Hugging Face folder already")
    _check_empty(folder)
    target = folder.resolve()  # a link to a larger disk stays one
    if target.is_mount() or target == Path.cwd():
        raise WeightsError(f"{folder} is in use, and would be replaced", suggestion="Name a new folder in it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(f".{target.name}.lock"))
        lock.acquire()
    except OSError as error:
        raise _unwritable(weights, folder, error) from error
    with lock:
        try:
            _check_empty(target)
            _export(weights, target, progress)
        finally:
            Path(lock.lock_file).unlink(missing_ok=True)
    return folder


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WeightsError(f"{folder} is not an empty folder", suggestion="Name a folder that is new or empty")


def _export(weights: WeightsFile, folder: Path, progress: Progress) -> None:
    header = read_header(weights.path)
    if header.architecture not in ARCHITECTURES:
        raise WeightsError(
            f"{weights.name} has the architecture {header.architecture!r}; those that can be exported are "
            f"{', '.join(ARCHITECTURES)}",
            suggestion="Set models.sfm2.path to a Hugging Face folder of the model itself, or run the file with "
            'models.sfm2.engine "llama"',
        )
    files = {
        "config.json": config(header),
        "generation_config.json": generation_config(header),
        "tokenizer.json": tokenizer(header),
        "tokenizer_config.json": tokenizer_config(header),
        FACTS: asdict(facts_of(header)),
    }
    shapes = dict(_shapes(header))
    try:
        _check_disk(weights, shapes, folder)
        with replacing_folder(folder) as work:
            for name, content in files.items():
                (work / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
            bf16.write(work / TENSORS, shapes, _tensors(header, weights, progress))
    except OSError as error:
        raise _unwritable(weights, folder, error) from error


def _shapes(header: GGUFHeader) -> Iterator[tuple[str, tuple[int, ...]]]:
    names = [transformers_name(tensor.name) for tensor in header.tensors]
    for name, tensor in zip(names, header.tensors, strict=True):
        yield name, tensor.shape[::-1]
        if name == _EMBEDDING and _HEAD not in names:
            yield _HEAD, tensor.shape[::-1]


def _tensors(header: GGUFHeader, weights: WeightsFile, progress: Progress) -> Iterator[tuple[str, np.ndarray]]:
    names = {transformers_name(tensor.name) for tensor in header.tensors}
    done, total = 0, weights.path.stat().st_size
    for tensor, values in dequantised(header):
        name = transformers_name(tensor.name)
        yield name, values
        if name == _EMBEDDING and _HEAD not in names:
            yield _HEAD, values
        done = max(done, tensor.offset)
        progress(f"exporting {weights.name}", done, total)


def _check_disk(weights: WeightsFile, shapes: dict[str, tuple[int, ...]], folder: Path) -> None:
    needed = sum(2 * int(np.prod(shape)) for shape in shapes.values())
    place = next(path for path in folder.absolute().parents if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise WeightsError(
            f"exporting {weights.name} needs {needed:,} bytes of disk; {place} has {free:,} free",
            suggestion="Free some disk space, or choose a folder on a larger disk",
        )


def _unwritable(weights: WeightsFile, folder: Path, error: OSError) -> WeightsError:
    return WeightsError(
        f"cannot export {weights.name} to {folder}: {error.strerror or error}",
        suggestion="Free some disk space and let this user write there, or choose another folder",
    )
