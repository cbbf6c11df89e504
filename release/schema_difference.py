"""Whether one JSON schema still allows what another did.

A schema of a request may only widen: what was accepted must still be accepted. A schema of a response may only narrow:
what arrives must still be what was promised. New optional properties and new values of an enumeration are additions in
both; docs/site/stability.md asks clients to expect them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
Direction: TypeAlias = Literal["request", "response"]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems")
_NO_BOUND = object()


@dataclass
class Comparison:
    """A schema of `base` against one of `present`, both with the documents that their references point into."""

    base: Mapping[str, Any]
    """The older OpenAPI document."""

    present: Mapping[str, Any]
    """The newer OpenAPI document."""

    direction: Direction
    """Whose schemas they are: those of requests or those of responses."""

    _open: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of references being compared: a schema may contain itself."""

    def faults(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """What `new` breaks, each with the place that it is at."""
        pair = (old.get("$ref", ""), new.get("$ref", ""))
        if all(pair):
            if pair in self._open:
                return
            self._open.add(pair)
        before, after = alternatives(self.base, old), alternatives(self.present, new)
        if self.direction == "request":
            yield from self._each_fits(where, before, after, "no longer accepts")
        else:
            yield from self._each_fits(where, after, before, "may now be")
        if "default" in old and not _has_all_of(old["default"], new.get("default", _NO_BOUND)):
            yield f"{where}: the default was {old['default']!r}"
        self._open.discard(pair)

    def _each_fits(self, where: str, given: list[Schema], taken: list[Schema], verb: str) -> Iterator[str]:
        """One of `taken` must cover each of `given`; of several that may, the one with the fewest faults counts."""
        for one in given:
            rivals = [other for other in taken if _covers(_type(other), _type(one))]
            if not rivals:
                yield f"{where}: {verb} {_type(one)}"
                continue
            pairs = [(one, other) if self.direction == "request" else (other, one) for other in rivals]
            yield from min((list(self._single(where, *pair)) for pair in pairs), key=len)

    def _single(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """Two schemas without alternatives, of types that fit."""
        yield from self._values(where, old, new)
        yield from self._properties(where, old, new)
        if self.direction == "request":
            yield from _bounds(where, old, new)
        for name in ("items", "additionalProperties"):
            before, after = _subschema(old, name), _subschema(new, name)
            if before is not None or after is not None:
                yield from self._part(f"{where}[]", before, after)

    def _values(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = _enumeration(old), _enumeration(new)
        if before is None and after is not None and self.direction == "request":
            yield f"{where}: only accepts {', '.join(map(repr, after))} now"
        elif before is not None and after is not None:
            yield from (f"{where}: the value {value!r} is gone" for value in before if value not in after)
        elif before is not None and after is None and self.direction == "response":
            yield f"{where}: may now be any {_type(new)}"

    def _properties(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in sorted(before):
            if name not in after:
                yield f"{where}.{name}: is gone"
            else:
                yield from self.faults(f"{where}.{name}", before[name], after[name])
        was, now = set(old.get("required", ())), set(new.get("required", ()))
        if self.direction == "request":
            yield from (f"{where}.{name}: is required now" for name in sorted(now - was))
        else:
            yield from (f"{where}.{name}: may be absent now" for name in sorted((was - now) & set(after)))

    def _part(self, where: str, before: Schema | bool | None, after: Schema | bool | None) -> Iterator[str]:
        """Items of an array, or values of a mapping; without a schema, anything goes, and with False nothing does."""
        if after is False and before is not False and self.direction == "request":
            yield f"{where}: no further properties are accepted now"
        elif before is False and after is not False and self.direction == "response":
            yield f"{where}: may now have further properties"
        elif before is not False and after is not False:
            yield from self.faults(where, _anything(before), _anything(after))


def alternatives(document: Mapping[str, Any], schema: Schema) -> list[Schema]:
    """The schemas that a value may match, without references and with one type each."""
    if "$ref" in schema:
        target: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return alternatives(document, target)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return [one for part in schema[word] for one in alternatives(document, part)]
    if len(schema.get("allOf", ())) == 1:
        return alternatives(document, schema["allOf"][0])
    kinds = schema.get("type")
    return [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else [schema]


def _type(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _covers(wide: str, narrow: str) -> bool:
    return wide in ("anything", narrow) or (wide, narrow) == ("number", "integer")


def _enumeration(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _subschema(schema: Schema, name: str) -> Schema | bool | None:
    value: Schema | bool | None = schema.get(name)
    return value


def _anything(part: Schema | bool | None) -> Schema:
    return part if isinstance(part, Mapping) else {}


def _bounds(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """A limit of a request may be loosened and lifted, not tightened and not introduced."""
    for name in (*_LOWER, *_UPPER, *_EXACT):
        before, after = old.get(name), new.get(name)
        if after is None or before == after:
            continue
        if before is None or name in _EXACT or (after > before if name in _LOWER else after < before):
            yield f"{where}: {name} is {after} now, was {'none' if before is None else before}"


def _has_all_of(old: Any, new: Any) -> bool:
    """Whether a default is the same, or an object that has new properties as well."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return all(name in new and _has_all_of(value, new[name]) for name, value in old.items())
    return bool(old == new)
