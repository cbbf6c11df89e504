"""SFM-2: syntax-aware code generation from your own machine. `import sfm2` is the SDK, loaded at its first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sfm2.client import (
        AsyncExplanationStream,
        AsyncGenerationStream,
        AsyncSFM2Client,
        ExplanationStream,
        GenerationStream,
        SFM2Client,
    )
    from sfm2.errors import (
        APIConnectionError,
        APITimeoutError,
        AuthenticationError,
        InvalidRequestError,
        ModelUnavailableError,
        NotFoundError,
        OverloadedError,
        PayloadTooLargeError,
        PermissionDeniedError,
        PromptTooLongError,
        RateLimitError,
        ServerError,
        SFM2Error,
        StreamInterruptedError,
    )
    from sfm2.types import (
        Chunk,
        Completion,
        Explanation,
        FeedbackRequest,
        GenerationConfig,
        Health,
        Language,
        Outcome,
        Snippet,
        Stats,
    )

__all__ = [
    "APIConnectionError",
    "APITimeoutError",
    "AsyncExplanationStream",
    "AsyncGenerationStream",
    "AsyncSFM2Client",
    "AuthenticationError",
    "Chunk",
    "Completion",
    "Explanation",
    "ExplanationStream",
    "FeedbackRequest",
    "GenerationConfig",
    "GenerationStream",
    "Health",
    "InvalidRequestError",
    "Language",
    "ModelUnavailableError",
    "NotFoundError",
    "Outcome",
    "OverloadedError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "PromptTooLongError",
    "RateLimitError",
    "SFM2Client",
    "SFM2Error",
    "ServerError",
    "Snippet",
    "Stats",
    "StreamInterruptedError",
]

_HOMES = ("sfm2.client", "sfm2.errors", "sfm2.types")
_HOOKS = ("load_ipython_extension", "unload_ipython_extension")  # of `%load_ext sfm2`


def __getattr__(name: str) -> Any:
    """The public names, imported at their first use: `sfm2 --help` needs neither httpx nor pydantic."""
    if name in __all__:
        for home in _HOMES:
            if hasattr(module := import_module(home), name):
                return globals().setdefault(name, getattr(module, name))
    if name in _HOOKS:
        return getattr(import_module("sfm2.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
