"""From the settings to a weights file that exists and is complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sfm2.config import Sfm2Settings
from sfm2.errors import WeightsError
from sfm2.models import gguf_file, hf_folder
from sfm2.models.catalogue import CatalogueEntry
from sfm2.models.progress import Progress, silent
from sfm2.models.store import ModelStore


@dataclass(frozen=True)
class WeightsFile:
    """A complete GGUF file, or a Hugging Face folder."""

    path: Path
    sha256: str
    """Its digest, in lower-case hexadecimal; of a folder, `hf_folder.digest`."""
    entry: CatalogueEntry | None
    """The catalogue's entry with this digest. None: the file is not in the catalogue."""

    @property
    def name(self) -> str:
        """The catalogue's name for it, else the file's name without suffix."""
        if self.entry:
            return self.entry.name
        return self.path.resolve().name if self.is_folder else self.path.stem

    @property
    def is_folder(self) -> bool:
        """Whether it is a Hugging Face folder, which not every engine reads."""
        return self.path.is_dir()


def resolve(settings: Sfm2Settings, store: ModelStore, progress: Progress = silent) -> WeightsFile:
    """The weights that the settings name: the file or folder `settings.path`, else the catalogue's `settings.model`.

    The digest of a file outside the store is computed when it is first used, which takes about a second for 500 MB. Raises
    WeightsError when the file is missing, truncated or not GGUF, a folder lacks something, or the name is not in the
    catalogue.
    """
    if settings.path is None:
        return _from_store(settings.model, store, progress)
    path = settings.path.expanduser()
    if hf_folder.is_folder(path):
        hf_folder.check(path)
        return WeightsFile(path, hf_folder.digest(path, store.digests, progress), None)
    path = gguf_file.find(path)
    gguf_file.check(path)
    sha256 = store.digests.digest(path, progress)
    return WeightsFile(path, sha256, store.catalogue.by_digest(sha256))


def digest_of(settings: Sfm2Settings, store: ModelStore) -> str | None:
    """The SHA-256 of the weights that the settings name, known for the catalogue's even before they are pulled.

    None when another server runs the weights (`settings.url`). Raises WeightsError as `resolve` does.
    """
    if settings.url:
        return None
    return store.catalogue.entry(settings.model).sha256 if settings.path is None else resolve(settings, store).sha256


def ensure(
    settings: Sfm2Settings,
    store: ModelStore,
    *,
    ask: Callable[[str], bool] | None = None,
    progress: Progress = silent,
) -> WeightsFile:
    """Like `resolve`, but weights of the catalogue that are not installed are pulled first.

    `ask` gets a yes-or-no question for the user and returns the answer; it is not called when `settings.auto_pull` is set.
    Without `ask` and `auto_pull` nothing is pulled. Raises WeightsError as `resolve` and `ModelStore.pull` do.
    """
    if settings.path is None and not store.is_installed(settings.model):
        _offer(store.catalogue.entry(settings.model), settings, store, ask, progress)
    return resolve(settings, store, progress)


def _offer(
    entry: CatalogueEntry,
    settings: Sfm2Settings,
    store: ModelStore,
    ask: Callable[[str], bool] | None,
    progress: Progress,
) -> None:
    question = (
        f"The weights of {entry.name} ({entry.bytes / 1e6:,.0f} MB, {entry.licence}) are not installed. Pull them now?"
    )
    if settings.auto_pull or (ask is not None and ask(question)):
        store.pull(entry.name, progress)


def _from_store(name: str, store: ModelStore, progress: Progress) -> WeightsFile:
    path, entry = store.path(name), store.catalogue.entry(name)
    # Cached by the pull, unless the file has changed since.
    if store.digests.digest(path, progress) != entry.sha256:
        raise WeightsError(
            f"{path} was altered: its SHA-256 is no longer the one in the catalogue",
            suggestion=f"sfm2 models pull {name}",
        )
    gguf_file.check(path)
    return WeightsFile(path, entry.sha256, entry)
