"""Whether a server is vLLM, by what it says of itself; and which version."""

from __future__ import annotations

import re

import httpx
from pydantic import ValidationError

from sfm2.engines.vllm.wire import ServedModels, VersionReply

OLDEST = (0, 11)
"""The first version that has everything we ask of it. Those without a number, such as builds of a branch, are taken."""
_NUMBER = re.compile(r"(\d+)\.(\d+)")
_OWNER = "vllm"


async def is_vllm(http: httpx.AsyncClient) -> bool:
    """Its models say so; where they are shown to nobody without a key, it has a version and is not llama.cpp's server."""
    response = await http.get("/v1/models")
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return _says_version(await http.get("/version"))
    try:
        models = ServedModels.model_validate_json(response.content).data
    except ValidationError:
        return False
    return any(one.owned_by == _OWNER for one in models)


def too_old(version: str) -> bool:
    """Whether it lacks what we ask of it."""
    found = _NUMBER.match(version)
    return found is not None and (0, 0) < (int(found[1]), int(found[2])) < OLDEST


def _says_version(response: httpx.Response) -> bool:
    try:
        return bool(VersionReply.model_validate_json(response.content).version)
    except ValidationError:
        return False
