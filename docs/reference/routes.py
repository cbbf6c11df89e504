"""openapi.json -> the routes, and the shapes of what goes in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.reference.pages import code, table

_PREFIX = "#/components/schemas/"
_GROUPS = (
    "models",
    "languages",
    "feedback",
    "health",
    "stats",
    "admin",
    "editors",
    "openai",
    "llama.cpp",
)  # the order of the page
_SENT = ("Request", "Body")  # how the names of what is sent end


def routes(document: Path) -> str:
    described = json.loads(document.read_text(encoding="utf-8"))
    found = sorted(_operations(described), key=lambda one: _GROUPS.index(one[2]["tags"][0]))
    return "\n\n".join(_route(method, path, operation) for method, path, operation in found)


def shapes(document: Path) -> str:
    """Those that the routes name, and those that these name."""
    known = _schemas(document)
    return "\n\n".join(_shape(name, schema) for name, schema in sorted(known.items()) if name != "Language")


def _schemas(document: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document.read_text(encoding="utf-8"))["components"]["schemas"]
    return found


def _operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"### {method} {path}", operation["description"]]
    body = _content(operation.get("requestBody", {}))
    sent = f"Body: {_kind(body)}. " if body else ""
    if asked := [one for one in operation.get("parameters", ()) if one["in"] == "query"]:
        sent += f"Query: {'; '.join(_parameter(one) for one in asked)}. "
    answers = operation["responses"]
    good = next(status for status in answers if status.startswith("2"))
    what = _answer(answers[good])
    errors = ", ".join(status for status in answers if status != good)
    failed = f" Errors: {errors}." if errors else ""
    return "\n\n".join([*parts, f"{sent}Answer, {good}: {what}.{failed}"])


def _parameter(one: dict[str, Any]) -> str:
    meaning, default = one.get("description", ""), one["schema"].get("default")
    usual = "" if default is None else f", {code(json.dumps(default))} if not given"
    return f"{code(one['name'])}, {meaning[:1].lower()}{meaning[1:]}{usual}"


def _answer(response: dict[str, Any]) -> str:
    if list(response.get("content", {})) == ["text/event-stream"]:
        return str(response["description"])
    schema = _content(response)
    return _kind(schema) if schema else "nothing"


def _content(message: dict[str, Any]) -> dict[str, Any] | None:
    return next((one.get("schema", {}) for one in message.get("content", {}).values()), None)


def _shape(name: str, schema: dict[str, Any]) -> str:
    parts = [f"### {name}", schema.get("description", "")]
    if "enum" in schema:
        parts.append("One of " + ", ".join(code(value) for value in schema["enum"]) + ".")
    if fields := schema.get("properties"):
        # What an answer always has is nobody's duty.
        needed = schema.get("required", []) if name.endswith(_SENT) else []
        ordered = sorted(fields.items(), key=lambda one: one[0] not in needed)
        rows = [_field(field, one, field in needed) for field, one in ordered]
        parts.append(table(["Field", "Value", "Meaning"], rows))
    return "\n\n".join(part for part in parts if part)


def _field(name: str, schema: dict[str, Any], needed: bool) -> list[str]:
    default = schema.get("default")
    meaning = schema.get("description", "")
    if default is not None:
        meaning = f"{meaning} Default: {code(json.dumps(default))}".strip()
    return [code(name) + (", needed" if needed else ""), _kind(schema), meaning]


def _kind(schema: dict[str, Any]) -> str:
    """A type in words, with a link to a shape of ours."""
    if reference := schema.get("$ref"):
        return _link(reference.removeprefix(_PREFIX))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in choices if one.get("type") != "null"))
    if values := schema.get("enum") or ("const" in schema and [schema["const"]]):
        return ", ".join(code(str(value)) for value in values)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(more := schema.get("additionalProperties"), dict):
        return f"object of {_kind(more)}"
    words = {"string": "text", "integer": "whole number", "boolean": "true, false"}
    kind = schema.get("type", "anything")
    return f"{words.get(kind, kind)}{_range(schema)}"


def _range(schema: dict[str, Any]) -> str:
    low, over = schema.get("minimum"), schema.get("exclusiveMinimum")
    high = schema.get("maximum")
    words = [f"from {low:g}" if low is not None else "", f"over {over:g}" if over is not None else ""]
    words += [f"at most {high:g}" if high is not None else ""]
    return "".join(f", {word}" for word in words if word)


def _link(name: str) -> str:
    return "[Language](#languages)" if name == "Language" else f"[{name}](#{name.lower()})"
