"""Adapters on this machine: the ones that came with the package, those that were added, and which is in use.

An adapter is a folder as PEFT writes it, with a `manifest.json` that says which weights it was trained on. It fits no
others: names and shapes may agree and the answers be nonsense, so the digest decides.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from sfm2.errors import AdapterError
from sfm2.models.digest import sha256_of

WEIGHTS, CONFIG, MANIFEST = "adapter_model.safetensors", "adapter_config.json", "manifest.json"
NONE = "none"  # what is asked for by somebody who wants the base alone
_IN_USE = ".in_use"  # no adapter can have this name
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Adapter:
    """`base` is the SHA-256 of the weights it was trained on; what it adds is multiplied by `scale`. `holes_only`: who names
    none gets it only where something follows the cursor, as it writes worse than its base from a prompt. `shipped`: it
    came with the package."""

    name: str
    folder: Path
    base: str
    base_name: str
    rank: int
    scale: float
    holes_only: bool = False
    shipped: bool = False

    @property
    def path(self) -> Path:
        return self.folder / WEIGHTS

    @cached_property
    def digest(self) -> str:
        """Of its weights and of how much they count: what answers alike has the same."""
        return hashlib.sha256(f"{sha256_of(self.path)} {self.scale:g}".encode()).hexdigest()

    def check_base(self, weights: str, name: str) -> None:
        """Raises AdapterError when the weights of this SHA-256 are not those it was trained on."""
        if self.base != weights:
            raise AdapterError(
                f"the adapter {self.name} was trained on {self.base_name} ({self.base[:12]}…); "
                f"the model that runs is {name} ({weights[:12]}…)",
                suggestion=f"Use the model {self.base_name}, or train an adapter on {name} with `sfm2 finetune run`",
            )


class AdapterStore:
    """`data_dir` is `settings.storage.data_dir`; each added adapter is a folder in `adapters` under it."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "adapters"
        self._read: dict[Path, tuple[object, Adapter]] = {}

    def list(self) -> list[Adapter]:
        """The sound ones, by name. Of two of one name the added one counts."""
        return list(self._sound())

    def damaged(self) -> dict[str, AdapterError]:
        """What the others lack, by name."""
        found = {}
        for name, (folder, shipped) in sorted(self._folders().items()):
            try:
                self._load(folder, shipped)
            except AdapterError as error:
                found[name] = error
        return found

    def find(self, name: str) -> Adapter:
        """Raises AdapterError for a name that nobody added, and for a damaged one."""
        return self._load(*self._place(name))

    def add(
        self, source: Path, name: str | None = None, strength: float = 1.0, holes_only: bool | None = None
    ) -> Adapter:
        """Copies the folder; one of the same name is replaced. With less `strength` than 1 it adds less than it has learnt,
        and takes less away of what the model could before (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
        `holes_only` None: as its manifest says.

        Raises AdapterError for a folder that is no adapter."""
        name = name or re.sub(r"[^a-z0-9._-]+", "-", source.resolve().name.lower()).strip("-._")
        if name == NONE or not _NAME.fullmatch(name):
            raise AdapterError(
                f"{name!r} can't be an adapter's name: expected a to z, digits, '.', '_' and '-', and not {NONE!r}",
                suggestion="Give one with --name",
            )
        read_adapter(source, name)
        place = self._folder / name
        work = place.with_name(f".{name}.partial")
        shutil.rmtree(work, ignore_errors=True)
        try:
            work.mkdir(parents=True)
            for file in (WEIGHTS, CONFIG, MANIFEST):
                shutil.copyfile(source / file, work / file)
            config = _fields(source / CONFIG)
            _write(work / CONFIG, {**config, "lora_alpha": config["lora_alpha"] * strength})
            if holes_only is not None:
                _write(work / MANIFEST, {**_fields(source / MANIFEST), "holes_only": holes_only})
            shutil.rmtree(place, ignore_errors=True)
            work.rename(place)
        except OSError as error:
            raise AdapterError(
                f"cannot copy {source} to {place}: {error.strerror or error}",
                suggestion="Free some disk space, or set storage.data_dir to a larger disk",
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return self.find(name)

    def remove(self, name: str) -> None:
        """Also a damaged one. Raises AdapterError for one that is not there, or that came with the package."""
        folder, shipped = self._place(name)
        if shipped:
            raise AdapterError(f"{name} came with SFM-2", suggestion="`sfm2 adapters off` leaves it out of the answers")
        shutil.rmtree(folder)
        if self._chosen() == name:
            (self._folder / _IN_USE).unlink()

    def use(self, name: str) -> None:
        """From now on, for all that don't ask for another; `none` for no adapter at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        new = self._folder / f"{_IN_USE}.new"
        new.write_text(name + "\n", encoding="utf-8")
        new.replace(self._folder / _IN_USE)

    def in_use(self, weights: str) -> Adapter | None:
        """What answers with these weights (their SHA-256) when nobody asks for anything else: the adapter that was chosen,
        if it is theirs, else the one that came with the package for them."""
        chosen = self._chosen()
        if chosen == NONE:
            return None
        mine = [one for one in self.list() if one.base == weights and (one.shipped or one.name == chosen)]
        return max(mine, key=lambda one: one.name == chosen, default=None)

    def _sound(self) -> Iterator[Adapter]:
        for _, (folder, shipped) in sorted(self._folders().items()):
            with suppress(
                AdapterError
            ):  # a damaged one must not keep the others from answering; `find` tells what it lacks
                yield self._load(folder, shipped)

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
                suggestion="`sfm2 adapters add FOLDER` adds one that `sfm2 finetune run` has made",
            )
        return folders[name]

    def _folders(self) -> dict[str, tuple[Path, bool]]:
        """Of every adapter, and whether it came with the package."""
        shipped = {folder.name: (folder, True) for folder in _subfolders(_shipped())}
        return shipped | {folder.name: (folder, False) for folder in _subfolders(self._folder)}

    def _load(self, folder: Path, shipped: bool) -> Adapter:
        """Read again when its files have changed."""
        stamp = _stamp(folder)
        if folder not in self._read or self._read[folder][0] != stamp:
            self._read[folder] = stamp, read_adapter(folder, folder.name, shipped)
        return self._read[folder][1]


def read_adapter(folder: Path, name: str, shipped: bool = False) -> Adapter:
    """Raises AdapterError, naming what is missing."""
    for file in (WEIGHTS, CONFIG, MANIFEST):
        if not (folder / file).is_file():
            raise AdapterError(
                f"{folder} is no adapter: there is no {file}",
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
            f"{folder} is no adapter: its {CONFIG} or {MANIFEST} lacks {error}",
            suggestion="Name a folder that `sfm2 finetune run` has finished",
        ) from error


def _fields(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AdapterError(f"{path} is damaged: {error}", suggestion="Make the adapter anew") from error
    return found if isinstance(found, dict) else {}


def _write(path: Path, fields: dict[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def _check_whole(path: Path) -> None:
    """Raises AdapterError for a file that ends too early, or is no safetensors: of some the engine would die."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, size)))
        expected = 8 + length + max(one["data_offsets"][1] for name, one in header.items() if name != "__metadata__")
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error) as error:
        raise AdapterError(f"{path} is damaged: it is no safetensors", suggestion="Make the adapter anew") from error
    if size != expected:
        raise AdapterError(
            f"{path} is damaged: it has {size:,} bytes, its header says {expected:,}",
            suggestion="Make the adapter anew",
        )


def _stamp(folder: Path) -> object:
    """Another one when a file was changed, exchanged or removed."""
    with suppress(OSError):
        found = [(folder / file).stat() for file in (WEIGHTS, CONFIG, MANIFEST)]
        return [(one.st_mtime_ns, one.st_ino, one.st_size) for one in found]
    return None


def _subfolders(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (one for one in folder.iterdir() if one.is_dir() and _NAME.fullmatch(one.name))


def _shipped() -> Path:
    return Path(str(resources.files("sfm2.models"))) / "shipped"
