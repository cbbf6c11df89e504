"""LoRA adapters on this machine: those shipped with the package, those the user added, and which one is in use.

An adapter is a folder in PEFT's format plus a `manifest.json` that names the weights it was trained on by their SHA-256. It
must not be applied to other weights: tensor names and shapes may match and the output still be nonsense.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from sfm2.atomic import replacing_file, replacing_folder
from sfm2.errors import AdapterError
from sfm2.models.digest import sha256_of

_log = logging.getLogger(__name__)

WEIGHTS, CONFIG, MANIFEST = "adapter_model.safetensors", "adapter_config.json", "manifest.json"
NONE = "none"
"""The name that requests the base model without an adapter; no adapter can be called this."""
_IN_USE = ".in_use"  # a name that `_NAME` does not allow for an adapter
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_AGAIN = "Train the adapter again, or add it again from a sound copy"


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter whose files are complete."""

    name: str
    folder: Path
    base: str
    """The SHA-256 of the weights that it was trained on."""
    base_name: str
    """The name of these weights, for messages."""
    rank: int
    scale: float
    """The factor of the low-rank update: alpha / rank."""
    holes_only: bool = False
    """Whether a request that names no adapter gets this one only when it has a suffix: an adapter trained on holes may
    complete a bare prompt worse than its base does."""
    shipped: bool = False
    """Whether it came with the package."""

    @property
    def path(self) -> Path:
        """The file of its tensors (safetensors)."""
        return self.folder / WEIGHTS

    @cached_property
    def digest(self) -> str:
        """A SHA-256 over the tensors and the scale: adapters with the same digest give the same completions."""
        return hashlib.sha256(f"{sha256_of(self.path)} {self.scale:g}".encode()).hexdigest()

    def check_base(self, weights: str, name: str) -> None:
        """Raise AdapterError unless it was trained on the weights with the SHA-256 `weights`, called `name` in messages."""
        if self.base != weights:
            raise AdapterError(
                f"the adapter {self.name} was trained on {self.base_name} ({self.base[:12]}…); "
                f"the model that runs is {name} ({weights[:12]}…)",
                suggestion=f"Use the model {self.base_name}, or train an adapter on {name} with `sfm2 finetune run`",
            )


class AdapterStore:
    """The adapters in the package and in the folder `adapters` under `data_dir` (`settings.storage.data_dir`)."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "adapters"
        self._read: dict[Path, tuple[object, Adapter]] = {}
        self._reported: set[str] = set()

    def list(self) -> list[Adapter]:
        """All usable adapters, sorted by name. An added adapter hides a shipped one of the same name."""
        return list(self._all()[0])

    def damaged(self) -> dict[str, AdapterError]:
        """The adapters that cannot be used, each with the reason, by name."""
        return self._all()[1]

    def find(self, name: str) -> Adapter:
        """The adapter called `name`. Raises AdapterError when there is none, or when it is damaged."""
        return self._load(*self._place(name))

    def add(
        self, source: Path, name: str | None = None, strength: float = 1.0, holes_only: bool | None = None
    ) -> Adapter:
        """Copy the adapter in the folder `source` into the store, in place of one with the same name.

        `name` defaults to one made from the folder's name. `strength` multiplies the adapter's alpha: below 1 it changes the
        model less, which keeps more of what the base could do (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
        models"). `holes_only` overrides the value in the manifest, unless it is None.

        Raises AdapterError when `source` is not a complete adapter, the name is not allowed, or the copy fails.
        """
        name = name or re.sub(r"[^a-z0-9._-]+", "-", source.resolve().name.lower()).strip("-._")
        if name == NONE or not _NAME.fullmatch(name):
            raise AdapterError(
                f"{name!r} can't be an adapter's name: expected a to z, digits, '.', '_' and '-', and not {NONE!r}",
                suggestion="Choose another name with --name",
            )
        read_adapter(source, name)
        target = self._folder / name
        try:
            with replacing_folder(target) as partial:
                for file in (WEIGHTS, CONFIG, MANIFEST):
                    shutil.copyfile(source / file, partial / file)
                config = _fields(source / CONFIG)
                _write(partial / CONFIG, {**config, "lora_alpha": config["lora_alpha"] * strength})
                if holes_only is not None:
                    _write(partial / MANIFEST, {**_fields(source / MANIFEST), "holes_only": holes_only})
        except OSError as error:
            raise AdapterError(
                f"cannot copy {source} to {target}: {error.strerror or error}",
                suggestion="Free some disk space, or set storage.data_dir to a larger disk",
            ) from error
        return self.find(name)

    def remove(self, name: str) -> None:
        """Delete an added adapter, damaged or not. Raises AdapterError when there is none, or when it was shipped."""
        folder, shipped = self._place(name)
        if shipped:
            raise AdapterError(
                f"{name} came with SFM-2 and can't be removed", suggestion="`sfm2 adapters off` turns it off"
            )
        shutil.rmtree(folder)
        if self._chosen() == name:
            (self._folder / _IN_USE).unlink()

    def use(self, name: str) -> None:
        """Make `name` the adapter of every request that names none; `NONE` turns adapters off. The name is not checked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing_file(self._folder / _IN_USE) as partial:
            partial.write_text(name + "\n", encoding="utf-8")

    def in_use(self, weights: str) -> Adapter | None:
        """The adapter of requests that name none, for the weights with the SHA-256 `weights`.

        That is the one chosen with `use` if it was trained on these weights, else the shipped one for them. None means the
        base model alone. When a damaged adapter is passed over, a warning with the reason is logged, once.
        """
        chosen = self._chosen()
        if chosen == NONE:
            return None
        usable, damaged = self._all()
        for name, error in damaged.items():
            if name == chosen or self._folders()[name][1]:
                self._warn_once(name, error)
        matching = [one for one in usable if one.base == weights and (one.shipped or one.name == chosen)]
        return max(matching, key=lambda one: one.name == chosen, default=None)

    def state(self) -> str:
        """A text that differs once another adapter is in use, or any was added, changed or removed."""
        stamps = {name: _stamp(folder) for name, (folder, _) in sorted(self._folders().items())}
        return f"{self._chosen()} {stamps}"

    def _warn_once(self, name: str, error: AdapterError) -> None:
        message = f"the adapter {name} is damaged and is not used: {error}"
        if message not in self._reported:
            self._reported.add(message)
            _log.warning(message)

    def _all(self) -> tuple[Sequence[Adapter], dict[str, AdapterError]]:
        """The usable adapters and the damaged ones. A damaged adapter must not keep the others from being used."""
        usable, damaged = [], {}
        for name, (folder, shipped) in sorted(self._folders().items()):
            try:
                usable.append(self._load(folder, shipped))
            except AdapterError as error:
                damaged[name] = error
        return usable, damaged

    def _chosen(self) -> str | None:
        try:
            return (self._folder / _IN_USE).read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def _place(self, name: str) -> tuple[Path, bool]:
        folders = self._folders()
        if name not in folders:
            raise AdapterError(
                f"there is no adapter {name!r}; there are {', '.join(sorted(folders)) or 'none'}",
                suggestion="`sfm2 adapters add FOLDER` adds one that `sfm2 finetune run` trained",
            )
        return folders[name]

    def _folders(self) -> dict[str, tuple[Path, bool]]:
        """Each adapter's folder, and whether it was shipped, by name."""
        shipped = {folder.name: (folder, True) for folder in _subfolders(_shipped())}
        return shipped | {folder.name: (folder, False) for folder in _subfolders(self._folder)}

    def _load(self, folder: Path, shipped: bool) -> Adapter:
        """The adapter in `folder`, read from disk only when its files have changed."""
        stamp = _stamp(folder)
        if folder not in self._read or self._read[folder][0] != stamp:
            self._read[folder] = stamp, read_adapter(folder, folder.name, shipped)
        return self._read[folder][1]


def read_adapter(folder: Path, name: str, shipped: bool = False) -> Adapter:
    """The adapter in `folder`, under the name `name`.

    Raises AdapterError when a file is missing, truncated or lacks a field; the message names it.
    """
    for file in (WEIGHTS, CONFIG, MANIFEST):
        if not (folder / file).is_file():
            raise AdapterError(
                f"{folder} is not an adapter: there is no {file}",
                suggestion="Name a folder that `sfm2 finetune run` has finished",
            )
    _check_whole(folder / WEIGHTS)
    config, manifest = _fields(folder / CONFIG), _fields(folder / MANIFEST)
    try:
        rank, alpha = int(config["r"]), float(config["lora_alpha"])
        base, base_name = str(manifest["base"]), str(manifest["base_name"])
        holes_only = bool(manifest.get("holes_only", False))
        return Adapter(name, folder, base, base_name, rank, alpha / rank, holes_only, shipped)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise AdapterError(
            f"{folder} is not an adapter: its {CONFIG} or {MANIFEST} lacks {error}",
            suggestion="Name a folder that `sfm2 finetune run` has finished",
        ) from error


def _fields(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AdapterError(f"{path} is damaged: {error}", suggestion=_AGAIN) from error
    return found if isinstance(found, dict) else {}


def _write(path: Path, fields: dict[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def _check_whole(path: Path) -> None:
    """Raise AdapterError for a truncated file or one that is not safetensors: some of these crash the engine."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, size)))
        expected = 8 + length + max(one["data_offsets"][1] for name, one in header.items() if name != "__metadata__")
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error) as error:
        raise AdapterError(f"{path} is damaged: it is not a safetensors file", suggestion=_AGAIN) from error
    if size != expected:
        raise AdapterError(
            f"{path} is damaged: it has {size:,} bytes, its header says {expected:,}",
            suggestion=_AGAIN,
        )


def _stamp(folder: Path) -> object:
    """A value that differs once a file of the adapter was changed, replaced or removed."""
    with suppress(OSError):
        found = [(folder / file).stat() for file in (WEIGHTS, CONFIG, MANIFEST)]
        return [(one.st_mtime_ns, one.st_ino, one.st_size) for one in found]
    return None


def _subfolders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (one for one in folder.iterdir() if one.is_dir() and _NAME.fullmatch(one.name))


def _shipped() -> Path:
    return Path(str(resources.files("sfm2.models"))) / "shipped"
