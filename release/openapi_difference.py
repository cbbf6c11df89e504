"""`python -m release.openapi_difference` fails when the API lost anything since the last release.

The base is release/openapi.json, the document of that release; any other can be named, `-` is standard input:
`git show main:openapi.json | python -m release.openapi_difference -`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import click

from release.schema_difference import Comparison

Document: TypeAlias = Mapping[str, Any]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ROOT = Path(__file__).parents[1]


def breaking(base: Document, present: Document) -> list[str]:
    """What clients written for `base` could miss in `present`: nothing, if only something was added."""
    return [*_operations(base, present), *_components(base, present)]


def _operations(base: Document, present: Document) -> Iterator[str]:
    for path, old in base["paths"].items():
        new = present["paths"].get(path)
        if new is None:
            yield f"{path}: is gone"
            continue
        for method in (name for name in _METHODS if name in old):
            where = f"{method.upper()} {path}"
            if method not in new:
                yield f"{where}: is gone"
            else:
                yield from _parameters(base, present, where, old[method], new[method])
                yield from _request(base, present, where, old[method], new[method])
                yield from _responses(base, present, where, old[method], new[method])
                yield from _security(where, old[method], new[method])


def _components(base: Document, present: Document) -> Iterator[str]:
    """Schemas are named in generated types."""
    before, after = (document.get("components", {}).get("schemas", {}) for document in (base, present))
    yield from (f"schema {name}: is gone" for name in sorted(set(before) - set(after)))


def _parameters(base: Document, present: Document, where: str, old: Document, new: Document) -> Iterator[str]:
    before, after = ({(one["in"], one["name"]): one for one in part.get("parameters", ())} for part in (old, new))
    for key, parameter in before.items():
        place = f"{where} {key[0]} {key[1]}"
        if key not in after:
            yield f"{place}: is gone"
        else:
            compared = Comparison(base, present, "request")
            yield from compared.faults(place, parameter.get("schema", {}), after[key].get("schema", {}))
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            yield f"{where} {key[0]} {key[1]}: is required now"


def _request(base: Document, present: Document, where: str, old: Document, new: Document) -> Iterator[str]:
    before, after = old.get("requestBody", {}), new.get("requestBody", {})
    if after.get("required") and not before.get("required"):
        yield f"{where} request: is required now"
    yield from _content(Comparison(base, present, "request"), f"{where} request", before, after)


def _responses(base: Document, present: Document, where: str, old: Document, new: Document) -> Iterator[str]:
    for status, answer in old["responses"].items():
        if status not in new["responses"]:
            yield f"{where} {status}: is gone"
        else:
            compared = Comparison(base, present, "response")
            yield from _content(compared, f"{where} {status}", answer, new["responses"][status])


def _content(comparison: Comparison, where: str, old: Document, new: Document) -> Iterator[str]:
    before, after = old.get("content", {}), new.get("content", {})
    for media, body in before.items():
        if media not in after:
            yield f"{where} {media}: is gone"
        else:
            yield from comparison.faults(where, body.get("schema", {}), after[media].get("schema", {}))


def _security(where: str, old: Document, new: Document) -> Iterator[str]:
    """Each requirement is one way in. Without any, everybody may ask."""
    before, after = old.get("security", []), new.get("security", [])
    if after and (not before or any(way not in after for way in before)):
        yield f"{where}: asks for other keys than before"


@click.command()
@click.argument("base", type=click.File(encoding="utf-8"), default=str(ROOT / "release" / "openapi.json"))
@click.argument("present", type=click.File(encoding="utf-8"), default=str(ROOT / "openapi.json"))
def main(base: TextIO, present: TextIO) -> None:
    """Fail if PRESENT lacks or narrows anything that BASE has."""
    if faults := breaking(json.load(base), json.load(present)):
        click.echo("The API may only grow (docs/site/stability.md), but:", err=True)
        for fault in faults:
            click.echo(f"  {fault}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
