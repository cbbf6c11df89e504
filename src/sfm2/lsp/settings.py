"""The settings `sfm2.*` of the editor. The server's address and key are arguments, so that no repository can set them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sfm2.lsp.exclusion import is_excluded
from sfm2.types import MAX_NEW_TOKENS, Mode
from sfm2.validation import complaint

SECTION = "sfm2"
_SECRETS = ("**/.env", "**/.env.*", "**/*.pem", "**/*.key", "**/id_rsa*", "**/id_ed25519*")


class EditorSettings(BaseModel):
    """The settings of one editor, valid."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    enabled: bool = True
    """Suggest while typing; if off, only when asked for"""
    min_confidence: float = Field(0.01, ge=0, le=1)
    """While typing, show only suggestions with at least this confidence; below the default hardly one is right"""
    max_length: int = Field(96, ge=1, le=MAX_NEW_TOKENS)
    """New tokens of a suggestion at most"""
    debounce: int = Field(150, ge=0, le=10_000)
    """Milliseconds without a key before the server is asked"""
    mode: Mode | None = None
    """Where a suggestion ends; null: with the block that the cursor is in"""
    adapter: str | None = None
    """The adapter to answer with, "none" for none; null: the one in use"""
    menu: Literal["auto", "on", "off"] = "auto"
    """Whether suggestions are also items of the completion menu; auto: where the editor has no ghost text"""
    feedback: bool = True
    """Report to the server what was accepted; no code is sent"""
    exclude: tuple[str, ...] = _SECRETS
    """Globs of files whose text is never sent"""

    def excludes(self, path: PurePath | None) -> bool:
        """Whether the text of this file must not be sent."""
        return path is not None and is_excluded(str(path), self.exclude)


class Read(NamedTuple):
    """The result of `read`."""

    settings: EditorSettings
    complaints: list[str]
    """What was wrong, a line for each setting, for a person. Those settings have their default."""


def read(value: Any) -> Read:
    """Settings from what an editor sends: the section itself, or an object that contains it. Null means unset."""
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
        return Read(
            EditorSettings.model_validate(good),
            [f"{SECTION}.{name}: {_complaint(problem)}" for name, problem in wrong.items()],
        )


def _complaint(problem: Mapping[str, Any]) -> str:
    return complaint(problem, [field.alias or "" for field in EditorSettings.model_fields.values()], noun="setting")
