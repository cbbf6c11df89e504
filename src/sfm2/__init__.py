"""SFM-2: syntax-aware code generation from your own machine. `import sfm2` loads the SDK and nothing else."""

from __future__ import annotations

__version__ = "0.1.0"

from sfm2.client import AsyncGenerationStream, AsyncSFM2Client, GenerationStream, SFM2Client
from sfm2.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    InvalidRequestError,
    ModelUnavailableError,
    PayloadTooLargeError,
    PromptTooLongError,
    RateLimitError,
    ServerError,
    SFM2Error,
    StreamInterruptedError,
)
from sfm2.types import Chunk, Completion, Explanation, GenerationConfig, Health, Language, Stats

__all__ = [
    "APIConnectionError",
    "APITimeoutError",
    "AsyncGenerationStream",
    "AsyncSFM2Client",
    "AuthenticationError",
    "Chunk",
    "Completion",
    "Explanation",
    "GenerationConfig",
    "GenerationStream",
    "Health",
    "InvalidRequestError",
    "Language",
    "ModelUnavailableError",
    "PayloadTooLargeError",
    "PromptTooLongError",
    "RateLimitError",
    "SFM2Client",
    "SFM2Error",
    "ServerError",
    "Stats",
    "StreamInterruptedError",
]
