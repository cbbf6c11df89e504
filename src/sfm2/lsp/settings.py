"""What the editor's user may set, as `sfm2.*`. Where the server is and its key are arguments: no repository sets those."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sfm2.lsp.exclusion import is_excluded
from sfm2.types import MAX_NEW_TOKENS, Mode

SECTION = "sfm2"
_SECRETS = ("**/.env", "**/.env.*", "**/*.pem", "**/*.key", "**/id_rsa*", "**/id_ed25519*")


class EditorSettings(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )

    enabled: bool = Field(True, description="Suggest while typing; if off, only when asked for")
    min_confidence: float = Field(0.0, ge=0, le=1, description="Show only suggestions at least this likely to be right")
    max_length: int = Field(96, ge=1, le=MAX_NEW_TOKENS, description="New tokens of a suggestion at most")
    debounce: int = Field(150, ge=0, le=10_000, description="Milliseconds without a key before the server is asked")
    mode: Mode | None = Field(None, description="Where a suggestion ends; null: with the block that the cursor is in")
    adapter: str | None = Field(None, description='The adapter to answer with, "none" for none; null: the one in use')
    menu: Literal["auto", "on", "off"] = Field(
        "auto", description="Whether suggestions are completion items too; auto: where the editor has no ghost text"
    )
    feedback: bool = Field(True, description="Tell the server what was accepted; no code is sent")
    exclude: tuple[str, ...] = Field(_SECRETS, description="Files whose text is never sent")

    def excludes(self, path: PurePosixPath | None) -> bool:
        return path is not None and is_excluded(str(path), self.exclude)


class Read(NamedTuple):
    settings: EditorSettings
    complaints: list[str]
    """What was wrong, a line each, for a person. The default stands in."""


def read(value: Any) -> Read:
    """From what an editor sends: the section itself, or an object that has it. Null values are not given."""
    if isinstance(value, Mapping) and SECTION in value:
        value = value[SECTION]
    if value is None:
        return Read(EditorSettings(), [])
    if not isinstance(value, Mapping):
        return Read(EditorSettings(), [f"{SECTION}: expected an object with settings, not {type(value).__name__}"])
    given = {str(name).removeprefix(f"{SECTION}."): setting for name, setting in value.items() if setting is not None}
    try:
        return Read(EditorSettings.model_validate(given), [])
    except ValidationError as error:
        wrong = {str(problem["loc"][0]): problem for problem in error.errors()}
        good = {name: setting for name, setting in given.items() if name not in wrong}
        return Read(EditorSettings.model_validate(good), [_complaint(name, wrong[name]) for name in wrong])


def _complaint(name: str, problem: Mapping[str, Any]) -> str:
    if problem["type"] == "extra_forbidden":
        known = [field.alias or "" for field in EditorSettings.model_fields.values()]
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        return f"{SECTION}.{name}: unknown setting{f'; did you mean {close[0]}?' if close else ''}"
    message = str(problem["msg"])
    return f"{SECTION}.{name}: {message[:1].lower()}{message[1:]}, not {problem['input']!r}"
