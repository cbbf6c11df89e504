"""Installed adapters as llama.cpp's server loads them: GGUF, converted once, and named after their content."""

from __future__ import annotations

import logging
from pathlib import Path

from filelock import FileLock

from sfm2.config import Settings
from sfm2.errors import AdapterError
from sfm2.models import adapter_gguf
from sfm2.models.adapters import Adapter, AdapterStore
from sfm2.models.gguf import read_header
from sfm2.models.store import converted
from sfm2.models.weights import WeightsFile

_log = logging.getLogger(__name__)


def folder_for(settings: Settings, weights: WeightsFile) -> Path:
    """Where those of these weights are."""
    prefix = converted(settings.storage.cache_dir, weights.sha256)
    return prefix.with_name(f"{prefix.name}-lora")


def file_name(digest: str) -> str:
    """Of an adapter with this digest (`Adapter.digest`)."""
    return f"{digest}.gguf"


def convert(adapter: Adapter, weights: WeightsFile, folder: Path) -> str:
    """The name of its file in `folder`, written if it is not there. Raises AdapterError when it does not fit the weights."""
    name = file_name(adapter.digest)
    if not (folder / name).is_file():
        header = read_header(weights.path)
        adapter_gguf.check_fits(adapter, header)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            adapter_gguf.write(adapter, header.architecture, folder / name)
    return name


def installed(store: AdapterStore, weights: WeightsFile, folder: Path) -> tuple[str, ...]:
    """The files of all that were trained on these weights. One that can't be used is logged and left out."""
    found = []
    for adapter in store.list():
        if adapter.base == weights.sha256:
            try:
                found.append(convert(adapter, weights, folder))
            except AdapterError as error:
                _log.warning("engine: %s", error.message)
    return tuple(dict.fromkeys(found))  # two names may have the same content
