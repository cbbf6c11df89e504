"""Repositories and folders -> examples to learn from, and held-out ones to be judged by.

Held out are whole files, the newest ones: what a team writes next is like what it wrote last, and a model that has seen a
file knows its answers. A folder without history gives up files by the hash of their names.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

import sfm2
from sfm2.corpus.example import Example, write
from sfm2.corpus.files import code_files, text_of
from sfm2.corpus.tree_holes import TreeFile
from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.finetune import history, secrets
from sfm2.finetune.contamination import Held
from sfm2.finetune.cutting import examples
from sfm2.finetune.licences import Licences, is_permissive
from sfm2.finetune.near_duplicates import Seen
from sfm2.types import Language

TRAIN, HELD_OUT, MANIFEST = "train.jsonl", "held_out.jsonl", "manifest.json"
_MOST_PER_FILE = 60
_MOST_HELD_OUT = 1_000  # more is judged by nobody
_LEAST_ROOM = 300  # characters around a hole; many get few, as cursors stand in short files, too
_WHOLE = 200_000  # characters, as many as a file can have: what is held out is asked for as an editor would

Report = Callable[[int, int], None]
"""Called with the files that were read, and all."""


@dataclass(frozen=True)
class DataSettings:
    """`characters_per_example`: a file gives one example for so many of its characters; `room`: characters of prefix and
    suffix together, at most, in what is learnt from. `only_permissive`: nothing without a permissive licence; else nothing
    under another known one."""

    seed: int = 0
    limit: int | None = None
    held_out: float = 0.1
    characters_per_example: int = 300
    room: int = 1_600
    only_permissive: bool = False


@dataclass(frozen=True)
class Source:
    """A file that is learnt from. `name` is within its folder."""

    folder: Path
    name: PurePosixPath
    language: Language
    added: int | None
    repository: str
    licences: Licences

    @property
    def label(self) -> str:
        return f"{self.repository}/{self.name}"

    @property
    def hash(self) -> int:
        return int.from_bytes(hashlib.sha256(self.label.encode("utf-8", "surrogatepass")).digest()[:8])


@dataclass
class Dataset:
    """`dropped` counts files and examples by why they were left out."""

    settings: DataSettings
    folders: dict[str, str | None]
    train: list[Example] = field(default_factory=list)
    held_out: list[Example] = field(default_factory=list)
    files: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


def collect(
    paths: Sequence[Path], settings: DataSettings, held: Held, report: Report = lambda done, total: None
) -> Dataset:
    """Raises InvalidRequestError for a path that is no folder, or when nothing is left to learn from."""
    folders = _named([_folder(path) for path in paths])
    dataset = Dataset(settings, {name: history.commit(folder) for name, folder in folders.items()})
    later, earlier = split(
        [one for name, folder in folders.items() for one in _sources(folder, name)], settings.held_out
    )
    seen, done, total = Seen(), 0, len(later) + len(earlier)
    with secrets.scanner():
        # Held-out files come first: a copy of one among the others is a near-duplicate then, and not learnt.
        learnt = (min(settings.room, _LEAST_ROOM), settings.room)
        for part, into, rooms in ((later, dataset.held_out, (_WHOLE, _WHOLE)), (earlier, dataset.train, learnt)):
            for source in part:
                into += _examples_of(source, rooms, dataset, seen, held)
                done += 1
                report(done, total)
    _check(dataset, paths)
    _shorten(dataset)
    return dataset


def split(sources: Sequence[Source], share: float) -> tuple[list[Source], list[Source]]:
    """The newest files, and the others. Those that git does not know go by their hash; of two files one is held out."""
    wanted = max(round(len(sources) * share), int(len(sources) > 1 and share > 0))
    times = {source.added for source in sources}
    by_time = len(times) > 1 and None not in times
    ordered = sorted(sources, key=lambda source: (-(source.added or 0) if by_time else 0, source.hash))
    return ordered[:wanted], ordered[wanted:]


def save(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Writes examples and manifest; all or nothing. Returns the manifest. Raises SFM2Error for a disk that is full."""
    work = folder.with_name(folder.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(parents=True)
        digests = {
            name: write(work / name, part) for name, part in ((TRAIN, dataset.train), (HELD_OUT, dataset.held_out))
        }
        manifest = _manifest(dataset, digests)
        (work / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    except OSError as error:
        raise SFM2Error(
            f"cannot write examples to {folder}: {error.strerror or error}",
            suggestion="Name a folder with room as --output",
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return manifest


def _manifest(dataset: Dataset, digests: dict[str, str]) -> dict[str, Any]:
    return {
        "sfm2": sfm2.__version__,
        "settings": asdict(dataset.settings),
        "folders": dataset.folders,
        "files": dict(dataset.files.most_common()),
        "train": _counts(dataset.train) | {"sha256": digests[TRAIN]},
        "held_out": _counts(dataset.held_out) | {"sha256": digests[HELD_OUT]},
        "dropped": dict(dataset.dropped.most_common()),
    }


def _counts(part: Sequence[Example]) -> dict[str, Any]:
    return {
        "examples": len(part),
        "characters": sum(len(example.text) for example in part),
        "kinds": dict(Counter(example.kind for example in part).most_common()),
    }


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise InvalidRequestError(f"{path}: no folder", suggestion="Name a git repository or a folder of source files")
    return path.resolve()


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    """By name; by as much of the path as tells those of one name apart."""
    named = {}
    for folder in dict.fromkeys(folders):
        others = [other for other in folders if other != folder]
        parts = next(
            (n for n in range(1, len(folder.parts)) if all(other.parts[-n:] != folder.parts[-n:] for other in others)),
            0,
        )
        named["/".join(folder.parts[-parts:])] = folder
    return named


def _sources(folder: Path, repository: str) -> Iterator[Source]:
    added, known = history.added(folder), Licences(folder)
    for name, language in code_files(folder):
        yield Source(folder, name, language, added.get(name), repository, known)


def _examples_of(source: Source, rooms: tuple[int, int], dataset: Dataset, seen: Seen, held: Held) -> Iterator[Example]:
    """Those of a file that are clean; why others are not is counted."""
    text = text_of(source.folder / source.name)
    file = _file(text, source.language) if text else None
    if why := _why_not(source, text, file, seen, dataset.settings):
        dataset.dropped[f"files: {why}"] += 1
        return
    assert file is not None
    dataset.files[source.language] += 1
    settings = dataset.settings
    random = Random(f"{settings.seed} {source.label}")
    count = min(_MOST_PER_FILE, -(-len(file.text) // settings.characters_per_example))
    hidden = secret_texts(file.text)
    for example in examples(file, source.label, source.language, count, rooms, random):
        if any(secret in example.text for secret in hidden):
            dataset.dropped["examples: a secret"] += 1
        elif held.knows(example.text):
            dataset.dropped["examples: in an evaluation set"] += 1
        else:
            yield example


def secret_texts(text: str) -> set[str]:
    """The lines that hold secrets."""
    rows = text.split("\n")
    return {rows[number].strip() for number in secrets.lines(text)}


def _file(text: str, language: Language) -> TreeFile | None:
    return TreeFile.read(text, language)


def _why_not(source: Source, text: str | None, file: TreeFile | None, seen: Seen, settings: DataSettings) -> str | None:
    """Why a file is not learnt from; None: it is."""
    if text is None:
        return "generated, binary, minified or over 200 kB"
    licence = source.licences.of(source.folder / source.name, text)
    if not is_permissive(licence) and (licence or settings.only_permissive):
        return f"licence {licence or 'unknown'}"
    if file is None:
        return "does not parse"
    return None if seen.add(text) else "near-duplicate"


def _check(dataset: Dataset, paths: Sequence[Path]) -> None:
    if dataset.train:
        return
    why = "; ".join(f"{count} {name}" for name, count in dataset.dropped.most_common()) or "no file of a known language"
    raise InvalidRequestError(
        f"nothing to learn from in {', '.join(map(str, paths))}: {why}",
        suggestion="Name a repository with source code, or loosen what is left out",
    )


def _shorten(dataset: Dataset) -> None:
    """To the limit, drawn from all; in an order that mixes files."""
    random = Random(dataset.settings.seed)
    for part in (dataset.train, dataset.held_out):
        random.shuffle(part)
    del dataset.held_out[_MOST_HELD_OUT:]
    if dataset.settings.limit is not None:
        del dataset.train[dataset.settings.limit :]
