"""The API may only grow: each kind of difference, and whether it is one that breaks clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from release.openapi_difference import breaking, main
from release.schema_difference import Comparison

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]
STRING: Json = {"type": "string"}
NULLABLE: Json = {"anyOf": [STRING, {"type": "null"}]}


def thing(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def in_request(old: Json, new: Json) -> list[str]:
    return list(Comparison({}, {}, "request").faults("body", old, new))


def in_response(old: Json, new: Json) -> list[str]:
    return list(Comparison({}, {}, "response").faults("body", old, new))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (thing(a=STRING), thing(), "body.a: is gone"),
        (thing(a=STRING), {**thing(a=STRING), "required": ["a"]}, "body.a: is required now"),
        (thing(), {**thing(b=STRING), "required": ["b"]}, "body.b: is required now"),
        (STRING, {"type": "integer"}, "body: no longer accepts string"),
        ({"type": "number"}, {"type": "integer"}, "body: no longer accepts number"),
        ({"type": ["string", "null"]}, STRING, "body: no longer accepts null"),
        (NULLABLE, STRING, "body: no longer accepts null"),
        ({}, STRING, "body: no longer accepts anything"),
        ({"enum": ["a", "b"], **STRING}, {"enum": ["a"], **STRING}, "body: the value 'b' is gone"),
        ({"const": "a", **STRING}, {"const": "b", **STRING}, "body: the value 'a' is gone"),
        (STRING, {"enum": ["a"], **STRING}, "body: only accepts 'a' now"),
        ({"maximum": 9, "type": "integer"}, {"maximum": 8, "type": "integer"}, "body: maximum is 8 now, was 9"),
        ({"minimum": 0, "type": "integer"}, {"minimum": 1, "type": "integer"}, "body: minimum is 1 now, was 0"),
        (STRING, {"maxLength": 5, **STRING}, "body: maxLength is 5 now, was none"),
        ({"pattern": "a*", **STRING}, {"pattern": "b*", **STRING}, "body: pattern is b* now, was a*"),
        (
            {"type": "array", "items": NULLABLE},
            {"type": "array", "items": STRING},
            "body[]: no longer accepts null",
        ),
        (thing(), {**thing(), "additionalProperties": False}, "body[]: no further properties are accepted now"),
        ({"default": 1, "type": "integer"}, {"default": 2, "type": "integer"}, "body: the default was 1"),
        (
            {"default": {"a": {"b": 1}}, **thing()},
            {"default": {"a": {}}, **thing()},
            "body: the default was {'a': {'b': 1}}",
        ),
    ],
)
def test_what_breaks_a_request(old: Json, new: Json, fault: str) -> None:
    assert in_request(old, new) == [fault]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (thing(), thing(a=STRING)),
        ({**thing(a=STRING), "required": ["a"]}, thing(a=STRING)),
        (STRING, NULLABLE),
        ({"type": "integer"}, {"type": "number"}),
        ({"enum": ["a"], **STRING}, {"enum": ["a", "b"], **STRING}),
        ({"enum": ["a"], **STRING}, STRING),
        ({"maximum": 8, "type": "integer"}, {"maximum": 9, "type": "integer"}),
        ({"maximum": 8, "type": "integer"}, {"type": "integer"}),
        ({**thing(), "additionalProperties": False}, thing()),
        ({"title": "A", "description": "old", **STRING}, {"title": "B", **STRING}),
        (STRING, {"allOf": [STRING]}),
        ({"default": {"a": {}}, **thing()}, {"default": {"a": {"b": 1}, "c": 2}, **thing()}),
    ],
)
def test_what_adds_to_a_request(old: Json, new: Json) -> None:
    assert in_request(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (thing(a=STRING), thing(), "body.a: is gone"),
        ({**thing(a=STRING), "required": ["a"]}, thing(a=STRING), "body.a: may be absent now"),
        (STRING, {"type": "integer"}, "body: may now be integer"),
        (STRING, NULLABLE, "body: may now be null"),
        (STRING, {}, "body: may now be anything"),
        ({"type": "integer"}, {"type": "number"}, "body: may now be number"),
        ({"enum": ["a", "b"], **STRING}, {"enum": ["a"], **STRING}, "body: the value 'b' is gone"),
        ({"enum": ["a"], **STRING}, STRING, "body: may now be any string"),
        (
            {"type": "array", "items": thing(a=STRING)},
            {"type": "array", "items": thing()},
            "body[].a: is gone",
        ),
        (
            {**thing(), "additionalProperties": STRING},
            {**thing(), "additionalProperties": NULLABLE},
            "body[]: may now be null",
        ),
        ({**thing(), "additionalProperties": False}, thing(), "body[]: may now have further properties"),
    ],
)
def test_what_breaks_a_response(old: Json, new: Json, fault: str) -> None:
    assert in_response(old, new) == [fault]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (thing(), {**thing(a=STRING), "required": ["a"]}),
        (NULLABLE, STRING),
        ({"type": "number"}, {"type": "integer"}),
        ({"enum": ["a"], **STRING}, {"enum": ["a", "b"], **STRING}),
        (STRING, {"enum": ["a"], **STRING}),
        ({"maximum": 8, "type": "integer"}, {"maximum": 9, "type": "integer"}),
    ],
)
def test_what_adds_to_a_response(old: Json, new: Json) -> None:
    assert in_response(old, new) == []


def test_a_schema_that_holds_itself_is_compared_once() -> None:
    tree = {"components": {"schemas": {"Tree": thing(left={"$ref": "#/components/schemas/Tree"}, leaf=STRING)}}}
    pruned = deepcopy(tree)
    del pruned["components"]["schemas"]["Tree"]["properties"]["leaf"]
    reference = {"$ref": "#/components/schemas/Tree"}
    assert list(Comparison(tree, tree, "response").faults("body", reference, reference)) == []
    assert list(Comparison(tree, pruned, "response").faults("body", reference, reference)) == ["body.leaf: is gone"]


# --- whole documents


def document() -> Json:
    """One path with everything that an operation may have."""
    return {
        "info": {"version": "1.0.0"},
        "components": {"schemas": {"Item": thing(name=STRING)}},
        "paths": {
            "/items/{id}": {
                "post": {
                    "parameters": [{"in": "query", "name": "size", "schema": {"type": "integer"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
                    "responses": {
                        "200": {"content": {"application/json": {"schema": STRING}, "text/plain": {"schema": STRING}}},
                        "404": {"description": "Not found"},
                    },
                    "security": [{"key": []}, {"bearer": []}],
                },
                "get": {"responses": {"200": {}}},
            }
        },
    }


def changed(edit: Callable[[Json, Json], object]) -> list[str]:
    """What `edit(document, its POST)` breaks."""
    present = document()
    edit(present, present["paths"]["/items/{id}"]["post"])
    return breaking(document(), present)


def set_schema(present: Json, name: str, schema: Json) -> None:
    present["components"]["schemas"][name] = schema


@pytest.mark.parametrize(
    ("edit", "faults"),
    [
        (lambda all_, post: all_["paths"].clear(), ["/items/{id}: is gone"]),
        (lambda all_, post: all_["paths"]["/items/{id}"].pop("get"), ["GET /items/{id}: is gone"]),
        (lambda all_, post: post["parameters"].clear(), ["POST /items/{id} query size: is gone"]),
        (
            lambda all_, post: post["parameters"][0].update(required=True),
            ["POST /items/{id} query size: is required now"],
        ),
        (
            lambda all_, post: post["parameters"].append({"in": "query", "name": "page", "required": True}),
            ["POST /items/{id} query page: is required now"],
        ),
        (
            lambda all_, post: post["parameters"][0].update(schema=STRING),
            ["POST /items/{id} query size: no longer accepts integer"],
        ),
        (lambda all_, post: post["requestBody"].update(required=True), ["POST /items/{id} request: is required now"]),
        (
            lambda all_, post: post["requestBody"]["content"].clear(),
            ["POST /items/{id} request application/json: is gone"],
        ),
        (
            lambda all_, post: set_schema(all_, "Item", {**thing(name=STRING), "required": ["name"]}),
            ["POST /items/{id} request.name: is required now"],
        ),
        (lambda all_, post: post["responses"].pop("404"), ["POST /items/{id} 404: is gone"]),
        (
            lambda all_, post: post["responses"]["200"]["content"].pop("text/plain"),
            ["POST /items/{id} 200 text/plain: is gone"],
        ),
        (
            lambda all_, post: post["responses"]["200"]["content"].update({"application/json": {"schema": thing()}}),
            ["POST /items/{id} 200: may now be object"],
        ),
        (lambda all_, post: post["security"].pop(), ["POST /items/{id}: asks for other keys than before"]),
        (
            lambda all_, post: all_["paths"]["/items/{id}"]["get"].update(security=[{"key": []}]),
            ["GET /items/{id}: asks for other keys than before"],
        ),
    ],
)
def test_what_breaks_an_operation(edit: Callable[[Json, Json], object], faults: list[str]) -> None:
    assert changed(edit) == faults


@pytest.mark.parametrize(
    "edit",
    [
        lambda all_, post: None,
        lambda all_, post: all_["paths"].update({"/more": {"get": {"responses": {}}}}),
        lambda all_, post: post["parameters"].append({"in": "query", "name": "page", "schema": STRING}),
        lambda all_, post: post["responses"].update({"503": {"description": "Busy"}}),
        lambda all_, post: post.update(summary="Other words", deprecated=True, operationId="other"),
        lambda all_, post: post.pop("security"),
        lambda all_, post: set_schema(all_, "Item", thing(name=STRING, size={"type": "integer"})),
        lambda all_, post: set_schema(all_, "Other", STRING),
    ],
)
def test_what_adds_to_an_operation(edit: Callable[[Json, Json], object]) -> None:
    assert changed(edit) == []


def test_a_schema_keeps_its_name() -> None:
    present = document()
    present["components"]["schemas"]["Thing"] = present["components"]["schemas"].pop("Item")
    body = present["paths"]["/items/{id}"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"]["$ref"] = "#/components/schemas/Thing"
    assert breaking(document(), present) == ["schema Item: is gone"]


# --- ours


def test_our_api_only_grew_since_the_last_release() -> None:
    done = CliRunner().invoke(main)
    assert (done.exit_code, done.output) == (0, "")


def test_a_base_may_come_from_standard_input(tmp_path: Path) -> None:
    base = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
    base["paths"]["/gone"] = {"get": {"responses": {}}}
    base["components"]["schemas"]["GenerateRequest"]["properties"]["gone"] = STRING
    done = CliRunner().invoke(main, ["-"], input=json.dumps(base))
    assert done.exit_code == 1
    assert "/gone: is gone" in done.stderr
    assert "POST /generate request.gone: is gone" in done.stderr
