"""Repositories and folders -> examples to train on, and held-out examples to evaluate with.

Whole files are held out, because a model that has seen part of a file knows the answers in the rest; and the newest ones,
because what a team writes next resembles what it wrote last. Without a git history they are chosen by a hash of their names.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from random import Random
from typing import Any

import sfm2
from sfm2.atomic import replacing_folder
from sfm2.corpus.example import Example, write
from sfm2.corpus.files import code_files, text_of
from sfm2.corpus.tree_holes import TreeFile
from sfm2.errors import InvalidRequestError, SFM2Error
from sfm2.finetune import history, secrets
from sfm2.finetune.contamination import ContaminationFilter
from sfm2.finetune.cutting import examples
from sfm2.finetune.licences import Licences, is_permissive
from sfm2.finetune.near_duplicates import NearDuplicateIndex
from sfm2.finetune.other_files import PlacedExample, with_context
from sfm2.types import Language

TRAIN, HELD_OUT, MANIFEST = "train.jsonl", "held_out.jsonl", "manifest.json"
_MOST_PER_FILE = 60  # training examples
_MOST_HELD_OUT = 1_000  # examples; an evaluation of more takes too long
_LEAST_CONTEXT = 300  # characters around a hole: short contexts too, because editors also complete in short files
_WHOLE_FILE = 200_000  # characters, the most a file can have: held-out holes have the context that an editor sends

Report = Callable[[int, int], None]
"""Called after each file with the number of files done, and of all files."""


@dataclass(frozen=True)
class DataSettings:
    """How examples are drawn; stored in the manifest."""

    seed: int = 0
    limit: int | None = None
    """The largest number of training examples. None: no limit."""
    held_out: float = 0.1
    """The share of files that are held out, in [0, 1]."""
    characters_per_example: int = 300
    """A file gives one example per this many characters."""
    room: int = 1_600
    """The most characters of prefix and suffix together in a training example."""
    only_permissive: bool = False
    """Whether files without a known licence are left out. Files under a known licence that is not permissive always are."""
    with_context: bool = False
    """Whether examples are shown code of other files of their folder (`other_files`)."""


@dataclass(frozen=True)
class DatasetFile:
    """A source file that examples are cut from."""

    folder: Path
    """The repository or folder that it belongs to."""
    name: PurePosixPath
    """Its path within `folder`."""
    language: Language
    added: int | None
    """When it was first committed, in seconds since 1970. None: git does not know it."""
    repository: str
    """The name of `folder` in labels."""
    licences: Licences
    """The licences of the files in `folder`."""

    @property
    def label(self) -> str:
        """The file's name in examples: repository/path."""
        return f"{self.repository}/{self.name}"

    @property
    def hash(self) -> int:
        """A number in [0, 2^64) that depends on the label only."""
        return int.from_bytes(hashlib.sha256(self.label.encode("utf-8", "surrogatepass")).digest()[:8])


@dataclass
class Dataset:
    """Examples, and where they came from."""

    settings: DataSettings
    folders: dict[str, str | None]
    """By the name of each folder, the commit that is checked out; None without git."""
    train: list[Example] = field(default_factory=list)
    held_out: list[Example] = field(default_factory=list)
    files: Counter[str] = field(default_factory=Counter)
    """The number of files used, by language."""
    dropped: Counter[str] = field(default_factory=Counter)
    """The number of files and examples left out, by reason."""


def collect(
    paths: Sequence[Path],
    settings: DataSettings,
    contaminated: ContaminationFilter,
    report: Report = lambda done, total: None,
) -> Dataset:
    """Examples from the source files in the folders `paths`, without those that overlap with an evaluation set.

    Raises InvalidRequestError for a path that is not a folder, or when nothing is left to train on, and MissingExtraError
    without the extra `data`.
    """
    folders = _named([_folder(path) for path in paths])
    dataset = Dataset(settings, {name: history.commit(folder) for name, folder in folders.items()})
    later, earlier = split([one for name, folder in folders.items() for one in _files(folder, name)], settings.held_out)
    seen, done, total = NearDuplicateIndex(), 0, len(later) + len(earlier)
    with secrets.scanner():
        # Held-out files come first: a copy of one among the others is then dropped as a near-duplicate.
        in_training = (min(settings.room, _LEAST_CONTEXT), settings.room)
        whole_file = (_WHOLE_FILE, _WHOLE_FILE)
        held_out: list[PlacedExample] = []
        train: list[PlacedExample] = []
        for part, into, around in ((later, held_out, whole_file), (earlier, train, in_training)):
            for source in part:
                into += _examples_of(source, around, dataset, seen, contaminated)
                done += 1
                report(done, total)
    _check(train, dataset, paths)
    dataset.held_out, dataset.train = (
        with_context(part, settings.seed) if settings.with_context else [one.example for one in part]
        for part in _shortened(held_out, train, settings)
    )
    return dataset


def split(sources: Sequence[DatasetFile], share: float) -> tuple[list[DatasetFile], list[DatasetFile]]:
    """The held-out files, `share` of all and at least one of two, and the others.

    Held out are the files that were committed last. When the commit time of a file is unknown, or all are the same, the
    choice is by hash.
    """
    wanted = max(round(len(sources) * share), int(len(sources) > 1 and share > 0))
    times = {source.added for source in sources}
    by_time = len(times) > 1 and None not in times
    ordered = sorted(sources, key=lambda source: (-(source.added or 0) if by_time else 0, source.hash))
    return ordered[:wanted], ordered[wanted:]


def check_output(folder: Path) -> None:
    """Raises InvalidRequestError when `folder` holds anything but examples: replacing it would delete somebody's files."""
    if folder.is_dir() and (others := {one.name for one in folder.iterdir()} - {TRAIN, HELD_OUT, MANIFEST}):
        raise InvalidRequestError(
            f"{folder} holds {min(others)}, and would be replaced", suggestion="Name a new folder as --output"
        )


def save(dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Write examples and manifest to `folder`, in place of examples that are there, atomically. Returns the manifest.

    Raises InvalidRequestError as `check_output` does, and SFM2Error when the folder can't be written, for example because
    the disk is full.
    """
    folder = folder.resolve()
    check_output(folder)
    parts = {TRAIN: dataset.train, HELD_OUT: dataset.held_out}
    try:
        with replacing_folder(folder) as partial:
            manifest = _manifest(dataset, {name: write(partial / name, part) for name, part in parts.items()})
            (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise SFM2Error(
            f"cannot write examples to {folder}: {error.strerror or error}",
            suggestion="Name a folder on a disk with enough space as --output",
        ) from error
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
        raise InvalidRequestError(
            f"{path}: not a folder", suggestion="Name a git repository or a folder of source files"
        )
    return path.resolve()


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    """The folders by name; folders of one name get as much of their paths as makes them different."""
    named = {}
    for folder in dict.fromkeys(folders):
        others = [other for other in folders if other != folder]
        parts = next(
            (n for n in range(1, len(folder.parts)) if all(other.parts[-n:] != folder.parts[-n:] for other in others)),
            0,
        )
        named["/".join(folder.parts[-parts:])] = folder
    return named


def _files(folder: Path, repository: str) -> Iterator[DatasetFile]:
    added, known = history.added(folder), Licences(folder)
    for name, language in code_files(folder):
        yield DatasetFile(folder, name, language, added.get(name), repository, known)


def _examples_of(
    source: DatasetFile,
    around: tuple[int, int],
    dataset: Dataset,
    seen: NearDuplicateIndex,
    contaminated: ContaminationFilter,
) -> Iterator[PlacedExample]:
    """The usable examples of a file; for the others the reason is counted in `dataset.dropped`."""
    text = text_of(source.folder / source.name)
    file = TreeFile.read(text, source.language) if text else None
    if why := _why_not(source, text, file, seen, dataset.settings):
        dataset.dropped[f"files: {why}"] += 1
        return
    assert file is not None
    dataset.files[source.language] += 1
    settings = dataset.settings
    random = Random(f"{settings.seed} {source.label}")
    count = min(_MOST_PER_FILE, -(-len(file.text) // settings.characters_per_example))
    hidden = secret_texts(file.text)
    for example, hole in examples(file, source.label, source.language, count, around, random):
        if any(secret in example.text for secret in hidden):
            dataset.dropped["examples: a secret"] += 1
        elif contaminated.overlaps(example.text):
            dataset.dropped["examples: in an evaluation set"] += 1
        else:
            yield PlacedExample(example, source.folder, source.name, hole)


def secret_texts(text: str) -> set[str]:
    """The text of each line of `text` that holds a secret. Must be called within `secrets.scanner()`."""
    rows = text.split("\n")
    return {rows[number].strip() for number in secrets.lines(text)}


def _why_not(
    source: DatasetFile, text: str | None, file: TreeFile | None, seen: NearDuplicateIndex, settings: DataSettings
) -> str | None:
    """Why a file is left out, or None if it is used."""
    if text is None:
        return "unreadable, generated, binary, minified or over 200 kB"
    licence = source.licences.of(source.folder / source.name, text)
    if not is_permissive(licence) and (licence or settings.only_permissive):
        return f"licence {licence or 'unknown'}"
    if file is None:
        return "does not parse"
    return None if seen.add(text) else "near-duplicate"


def _check(train: Sequence[PlacedExample], dataset: Dataset, paths: Sequence[Path]) -> None:
    if train:
        return
    why = "; ".join(f"{count} {name}" for name, count in dataset.dropped.most_common()) or "no file of a known language"
    raise InvalidRequestError(
        f"nothing to train on in {', '.join(map(str, paths))}: {why}",
        suggestion="Name a repository with source code, or leave less out",
    )


def _shortened(
    held_out: list[PlacedExample], train: list[PlacedExample], settings: DataSettings
) -> tuple[list[PlacedExample], list[PlacedExample]]:
    """The examples shuffled and cut to the limits, so that a limit takes examples of all files."""
    random = Random(settings.seed)
    for part in (train, held_out):
        random.shuffle(part)
    return held_out[:_MOST_HELD_OUT], train[: settings.limit]
