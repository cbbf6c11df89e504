"""What every message on the wire has in common: base classes, and text that is safe to pass on."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Wire(BaseModel):
    """A message. What is sent must be known; what is received may carry more (from a newer peer)."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    def __getitem__(self, name: str) -> Any:
        """Allow `health["status"]` for `health.status`. Raises `KeyError` for anything but a field."""
        if name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)


class Request(Wire):
    """A message to the service. Unknown fields, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


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


Text = Annotated[str, AfterValidator(_sound_text)]
"""Valid Unicode without NUL characters."""
Prompt = Annotated[Text, AfterValidator(_not_blank)]
"""Text that is more than white space."""
StopText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_sound_text)]
"""A text that ends a completion, 1 to 200 characters."""
