"""`/infill`'s requests as ours. Pure."""

from __future__ import annotations

from sfm2.config import Settings
from sfm2.requests import build
from sfm2.server.http.protocol import FieldError
from sfm2.server.protocols.llama_cpp.schemas import InfillBody
from sfm2.types import CompleteRequest, Snippet


def complete_request(body: InfillBody, settings: Settings, adapter: str | None) -> CompleteRequest:
    """The request for a hole. Raises `InvalidRequestError` and its subclasses."""
    if body.lora:
        raise FieldError(
            "lora", "lora: not supported, adapters have names here", suggestion="Name one as `model`: sfm2:ADAPTER"
        )
    most = settings.generation.max_length
    limit = body.t_max_predict_ms or 0
    extra = [Snippet(text=one.text, path=one.filename) for one in body.input_extra if one.text.strip()]
    return build(
        CompleteRequest,
        {
            "prefix": body.input_prefix + body.prompt,
            "suffix": body.input_suffix,
            "context": [] if body.only_reads else extra,
            "max_length": None if body.n_predict < 0 else max(1, min(body.n_predict, most)),
            "time_limit": limit / 1000 if limit > 0 and not body.only_reads else None,
            "temperature": 0.0 if body.top_p == 0 else body.temperature,
            "top_k": None if body.top_k is None else min(1000, max(0, body.top_k)),
            "top_p": body.top_p or None,
            "repetition_penalty": body.repeat_penalty,
            "seed": None if body.seed is None or body.seed < 0 else body.seed % 2**63,
            "stop": [text for text in body.stop or () if text],
            "adapter": adapter,
            # To warm the cache the prompt is only read, as it is asked first: there is no completion to guard.
            "guard": False if body.only_reads else None,
        },
    )
