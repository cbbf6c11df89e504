"""What every message on the wire has in common: base classes, and text that is safe to pass on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, Strict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_SHOWN = 60  # characters of a text that `repr` shows


class Wire(BaseModel):
    """A message. What is sent must be known; what is received may carry more (from a newer peer)."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)
    brief: ClassVar[tuple[str, ...]] = ()
    """The fields that `repr` shows, each of them shortened; empty: all of them"""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        if not self.brief:
            return super().__repr_args__()
        return [(name, _shortened(getattr(self, name))) for name in self.brief]

    def __getitem__(self, name: str) -> Any:
        """Allow `health["status"]` for `health.status`. Raises `KeyError` for anything but a field."""
        if name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)


class Request(Wire):
    """A message to the service. Unknown fields, NaN and infinity are refused; so are values of another of JSON's types."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


def _shortened(value: Any) -> Any:
    return f"{value[:_SHOWN]}…" if isinstance(value, str) and len(value) > _SHOWN else value


def _sound_text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"must be valid Unicode; a lone surrogate stands at character {error.start}") from error
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


@dataclass(frozen=True)
class _Pattern:
    """What a text is checked for, as a regular expression in its JSON schema. Pydantic's own do not say what was wrong."""

    pattern: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": self.pattern}


def _is_number(value: Any) -> Any:
    if isinstance(value, str | bytes | bool):
        raise ValueError("expected a number")
    return value


NUMBER = BeforeValidator(_is_number)
"""Refuses texts and truth values where a number belongs, as the schema does."""
FLAG = Strict()
"""Takes true and false, and not 1, 0, "yes" or "no"."""
_SOUND = _Pattern(r"^[^\u0000]*$")
Text = Annotated[str, AfterValidator(_sound_text), _SOUND]
"""Valid Unicode without NUL characters."""
Prompt = Annotated[Text, AfterValidator(_not_blank), _Pattern(r"^[^\u0000]*[^\u0000\s][^\u0000]*$")]
"""Text that is more than white space."""
StopText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_sound_text), _SOUND]
"""A text that ends a completion, 1 to 200 characters."""
