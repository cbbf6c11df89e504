"""`sfm2.config.Settings` -> a table for each section."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from docs.reference.pages import code, table
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from sfm2.config import Settings, Size, UserPath, variable

_WORDS: dict[Any, str] = {
    Size: "size",
    UserPath: "path",
    Path: "path",
    SecretStr: "text",
    str: "text",
    bool: "true, false",
    int: "whole number",
    float: "number",
}
# These depend on the machine.
_PLACES = {
    "storage.cache_dir": "the user's cache folder; on Linux `~/.cache/sfm2`",
    "storage.data_dir": "the user's data folder; on Linux `~/.local/share/sfm2`",
    "storage.state_dir": "the user's state folder; on Linux `~/.local/state/sfm2`",
}


def settings() -> str:
    return "\n\n".join(_section(name, model) for name, model in _sections(Settings, ""))


def _sections(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """Every section that has settings of its own, dotted."""
    for name, field in model.model_fields.items():
        if (section := _as_section(field.annotation)) is not None:
            if any(_as_section(one.annotation) is None for one in section.model_fields.values()):
                yield prefix + name, section
            yield from _sections(section, f"{prefix}{name}.")


def _section(path: str, model: type[BaseModel]) -> str:
    own = ((name, field) for name, field in model.model_fields.items() if _as_section(field.annotation) is None)
    rows = [_row(f"{path}.{name}", field) for name, field in own]
    return f"### {path}\n\n" + table(["Setting", "Value", "Default", "What it does"], rows)


def _row(name: str, field: FieldInfo) -> list[str]:
    return [f"{code(name)}<br>{code(variable(name))}", _value(field), _default(name, field), field.description or ""]


def _default(name: str, field: FieldInfo) -> str:
    if name in _PLACES:
        return _PLACES[name]
    return code(json.dumps(field.get_default(call_default_factory=True), ensure_ascii=False))


def _value(field: FieldInfo) -> str:
    """Such as `whole number, 1 to 64`."""
    return ", ".join(part for part in (_words(field.annotation), _range(field.metadata)) if part)


def _words(annotation: Any) -> str:
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(inner[0])
    if origin in (Union, UnionType):
        return ", ".join(_words(part) for part in inner if part is not NoneType) + (
            ", null" if NoneType in inner else ""
        )
    if origin is Literal:
        return ", ".join(code(value) for value in inner)
    if origin is tuple:
        return f"list of {_words(inner[0])}"
    raise TypeError(f"no words for the type {annotation}")


def _range(metadata: list[Any]) -> str:
    """Bounds of numbers. `min_length` of a list is what everybody expects."""
    low = next((str(m.ge) for m in metadata if isinstance(m, annotated_types.Ge)), None)
    over = next((str(m.gt) for m in metadata if isinstance(m, annotated_types.Gt)), None)
    high = next((str(m.le) for m in metadata if isinstance(m, annotated_types.Le)), None)
    least = f"from {low}" if low is not None else f"over {over}" if over is not None else ""
    if high is None:
        return least
    return f"{low} to {high}" if low is not None else f"{least}, at most {high}".lstrip(", ")


def _as_section(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
