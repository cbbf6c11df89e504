"""The weights that the settings name: whether they are here, whole, and converted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sfm2.config import Settings, Sfm2Settings
from sfm2.diagnosis.finding import Finding, healthy, ok, problem
from sfm2.diagnosis.own_engine import OwnEngine
from sfm2.engines.llama_server import placement as llama
from sfm2.engines.vllm import placement as vllm
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.engines.vllm.source import facts_of_folder
from sfm2.errors import ConfigError, WeightsError
from sfm2.models import disk_space, gguf_file, hf_folder
from sfm2.models.catalogue import CatalogueEntry
from sfm2.models.exporting.folder import folder_for, is_exported
from sfm2.models.gguf import read_header
from sfm2.models.store import ModelStore
from sfm2.models.weights import WeightsFile, resolve

NAME = "weights"
_PULL = 1.2  # bytes on the disk for each of the file, while it is pulled
_EXPORT = 4  # the same of a 4-bit file's numbers as bfloat16
_READ_FOLDERS = ("vllm", "transformers")  # engines that read Hugging Face folders
_CONVERSION = 6  # the same while a 4-bit file is converted: it is decompressed on the way


@dataclass(frozen=True)
class Preparation:
    """How far the weights are prepared for an engine of our own."""

    findings: tuple[Finding, ...] = ()
    needed_disk: int = 0
    """Bytes that are still to be written to the cache folder"""
    needed_memory: int = 0
    """Bytes that the engine will take"""
    read_per_token: int | None = None
    """Bytes of this machine's memory that each token reads, about: all weights. None: unknown, or they are on a GPU"""
    runnable: bool = False
    """Whether the engine can load them as they are now; else they have to be pulled or converted first"""

    @property
    def ready(self) -> bool:
        """Whether an engine starts within seconds."""
        return self.runnable and healthy(self.findings)


def look_at_weights(settings: Settings, engine: OwnEngine, thorough: bool) -> Preparation:
    """`thorough` reads every byte of the file; else its size counts, and the digest that was found before."""
    wanted, store = settings.models.sfm2, ModelStore(settings.storage.cache_dir)
    try:
        file = _verified(wanted, store) if thorough else _by_size(wanted, store)
    except WeightsError as error:
        return _without_file(wanted, store, error, _PULL + (_CONVERSION if not engine.is_llama else 0))
    except OSError as error:
        found = f"{error.filename or settings.storage.cache_dir} can't be read: {error.strerror or error}"
        return Preparation((problem(NAME, found, "Let this user read it, or set storage.cache_dir to another folder"),))
    if file.is_folder or engine.choice.engine in _READ_FOLDERS:
        return _as_folder(settings, file, engine)
    state = "sound" if thorough else "of the right size" if file.entry else "there"
    size = file.path.stat().st_size
    shown = f"{file.name}, {size / 1e6:,.0f} MB, {state}" + ("" if file.entry else "; not in the catalogue")
    if engine.is_llama:
        return _as_they_are(wanted, file, shown, size, engine.on_gpu)
    return _with_conversion(settings, file, shown, size)


def _verified(wanted: Sfm2Settings, store: ModelStore) -> WeightsFile:
    if wanted.path is None:
        result = store.verify(wanted.model)
        if not result.ok:
            raise _damaged(result.path, result.found, store.catalogue.entry(wanted.model))
    return resolve(wanted, store)


def _by_size(wanted: Sfm2Settings, store: ModelStore) -> WeightsFile:
    if wanted.path is not None:
        path = wanted.path.expanduser()
        if hf_folder.is_folder(path):
            hf_folder.check(path)
            return WeightsFile(path, "", None)
        path = gguf_file.find(path)
        known = store.digests.get(path) or ""
        return WeightsFile(path, known, store.catalogue.by_digest(known))
    path, entry = store.path(wanted.model), store.catalogue.entry(wanted.model)
    known = store.digests.get(path) or entry.sha256
    if known != entry.sha256:
        raise _damaged(path, known, entry)
    return WeightsFile(path, known, entry)


def _damaged(path: Path, found: str, entry: CatalogueEntry) -> WeightsError:
    return WeightsError(
        f"{path} is damaged: its SHA-256 is {found[:12]}..., expected {entry.sha256[:12]}...",
        suggestion=f"sfm2 models pull {entry.name}",
    )


def _without_file(wanted: Sfm2Settings, store: ModelStore, error: WeightsError, share: float) -> Preparation:
    """`share`: bytes that will be written for each of the file."""
    absent = next((one for one in store.list() if one.name == wanted.model and not one.path.exists()), None)
    if wanted.path is not None or absent is None:
        return Preparation((problem(NAME, error.message, error.suggestion),))
    if wanted.auto_pull:
        found = ok(NAME, f"{error.message}; the server pulls them when it starts (models.sfm2.auto_pull)")
    else:
        found = problem(NAME, error.message, error.suggestion)
    return Preparation((found,), int(absent.bytes * share))


def _as_folder(settings: Settings, file: WeightsFile, engine: OwnEngine) -> Preparation:
    """As vLLM and transformers load them."""
    name = engine.choice.engine
    if name not in _READ_FOLDERS:
        others = " or ".join(f'"{one}"' for one in _READ_FOLDERS)
        found = f"{file.path} is a Hugging Face folder, which {name} does not read"
        return Preparation((problem(NAME, found, f"Name a GGUF, or set models.sfm2.engine to {others}"),))
    size = disk_space.folder_bytes(file.path) if file.is_folder else file.path.stat().st_size
    shown = f"{file.name}, {size / 1e6:,.0f} MB, {'a Hugging Face folder' if file.is_folder else 'a GGUF'}"
    folder = file.path if file.is_folder else folder_for(file, settings.storage.cache_dir)
    if not is_exported(folder) and not file.is_folder:
        found = f"{shown}; not exported for {name} yet, which the first start does in half a minute or more"
        return Preparation((ok(NAME, found),), size * _EXPORT)
    if engine.is_vllm:
        return _for_vllm(settings.models.sfm2, folder, file.name, shown, engine.vllm)
    return Preparation((ok(NAME, shown),), runnable=True)  # what memory they take is looked at when the engine starts


def _for_vllm(wanted: Sfm2Settings, folder: Path, name: str, shown: str, program: VLLMProgram | None) -> Preparation:
    """On a GPU they take none of this machine's memory that would matter."""
    if program is None:
        return Preparation((ok(NAME, shown),))
    try:
        facts = facts_of_folder(folder)
        memory = vllm.memory_for(wanted, program, facts, name)
    except (ConfigError, WeightsError) as error:
        return Preparation((problem(NAME, error.message, error.suggestion),))
    if program.on_gpu:
        return Preparation((ok(NAME, shown),), runnable=True)
    needed = facts.tensors + vllm.OVERHEAD_CPU + (memory.cache or 0)
    return Preparation((ok(NAME, shown),), needed_memory=needed, read_per_token=facts.tensors, runnable=True)


def _as_they_are(wanted: Sfm2Settings, file: WeightsFile, shown: str, size: int, on_gpu: bool) -> Preparation:
    """As llama.cpp's server loads them. On a GPU they take none of this machine's memory that would matter."""
    try:
        header = read_header(file.path)
        slots = llama.slots_for(wanted, header, file.name, size)
    except (ConfigError, WeightsError) as error:
        return Preparation((problem(NAME, error.message, error.suggestion),))
    found = ok(NAME, f"{shown}, as llama.cpp takes them")
    if on_gpu:
        return Preparation((found,), runnable=True)
    cache = slots * llama.window(wanted, header) * llama.bytes_per_token(header)
    return Preparation((found,), needed_memory=size + llama.OVERHEAD + cache, read_per_token=size, runnable=True)


def _with_conversion(settings: Settings, file: WeightsFile, shown: str, size: int) -> Preparation:
    """What the engine's own preparation would find. Raises `ModuleNotFoundError` without the engine's packages."""
    from sfm2.engines.openvino import placement
    from sfm2.engines.openvino.conversion import is_converted
    from sfm2.engines.openvino.presets import preset
    from sfm2.models.facts import ModelFacts

    folder = placement.folder_for(settings, file.sha256, preset())
    if not is_converted(folder):
        found = f"{shown}; not converted yet, which the first start does in a minute or more"
        return Preparation((ok(NAME, found),), size * _CONVERSION, size + placement.OVERHEAD)
    facts, bytes_converted = ModelFacts.read(folder), disk_space.folder_bytes(folder)
    try:
        memory = placement.memory(settings, facts, bytes_converted, preset().kv_bits)
    except ConfigError as error:
        return Preparation((problem(NAME, error.message, error.suggestion),), read_per_token=bytes_converted)
    needed = bytes_converted + placement.OVERHEAD + memory.cache_bytes
    return Preparation((ok(NAME, f"{shown}, converted"),), 0, needed, bytes_converted, runnable=True)
