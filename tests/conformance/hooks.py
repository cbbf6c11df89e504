"""What no document of an API can say: which names a server knows, and how fields of foreign protocols exclude each other."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Names that exist, and no two fields together that are refused together. No headers: unknown ones are no error, and
    with little time there is no answer."""
    for operation in (one for path in raw_schema["paths"].values() for one in path.values()):
        operation["parameters"] = [one for one in operation.get("parameters", ()) if one["in"] != "header"]
    schemas = raw_schema["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith(("Request", "Body")) and "model" in schema.get("properties", {}):
            schema["properties"]["model"] = {"enum": ["echo", None]}
    schemas["CreateKeyRequest"]["properties"]["adapter"] = {"enum": ["none", None]}
    for what in ("rotate", "revoke"):  # No key that there is: the one that asks would lock itself out.
        (key_id,) = raw_schema["paths"][f"/admin/keys/{{key_id}}/{what}"]["post"]["parameters"]
        key_id["schema"] = {"enum": ["nobody"]}
    completion = schemas["CompletionBody"]["properties"]
    completion["echo"] = {"enum": [False, None]}  # not together with logprobs
    completion["best_of"] = {"type": "null"}  # not less than n, and not in a stream
    completion["prompt"] = schemas["GenerateRequest"]["properties"]["prompt"]  # blank only before a suffix


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Without seeds that are so large that their bound, read as a float, can't be told from them."""
    body = case.body
    seed = body.get("seed") if isinstance(body, dict) else None
    return not isinstance(seed, int | float) or seed <= 2**53
