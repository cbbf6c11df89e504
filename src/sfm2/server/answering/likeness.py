"""Which requests are the same, and one's answer as the answer to another. Pure, but for ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import uuid4

from sfm2.types import ChatRequest, CompleteRequest, Completion, ExplainRequest, Explanation, GenerateRequest, Reply

Asked: TypeAlias = GenerateRequest | CompleteRequest | ChatRequest | ExplainRequest
A = TypeVar("A", Completion, Explanation, Reply)


def name_of(client: str, asked: Sequence[Asked], *more: Any) -> str:
    """The same for what is asked by the same client in the same words, in whichever protocol; `more` is compared, too."""
    parts = [client, [[type(one).__name__, one.model_dump(mode="json", exclude_none=True)] for one in asked], more]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_whole(answer: Completion | Explanation | Reply) -> bool:
    """Whether neither it nor an alternative was cut off because the time was over."""
    others = answer.alternatives if isinstance(answer, Completion) else ()
    return answer.finish_reason != "time" and all(other.finish_reason != "time" for other in others)


def is_lasting(answer: Completion | Explanation | Reply) -> bool:
    """Whether the same request is answered so later, too: nothing was cut off, and no backend failed."""
    return is_whole(answer) and not answer.fallback


def renewed(answer: A, seconds: float) -> A:
    """An answer for another request, which took `seconds`: with an id of its own."""
    if isinstance(answer, Completion):
        return answer.model_copy(update={"id": uuid4().hex, "processing_time": seconds, "prompt_time": None})
    return answer.model_copy(update={"processing_time": seconds})
