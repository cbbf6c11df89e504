"""The SDK: `SFM2Client` for blocking code, `AsyncSFM2Client` for asyncio. It needs httpx and pydantic, nothing else."""

from sfm2.client._async import AsyncSFM2Client
from sfm2.client._async_streams import AsyncExplanationStream, AsyncGenerationStream
from sfm2.client._sync import SFM2Client
from sfm2.client._sync_streams import ExplanationStream, GenerationStream

__all__ = [
    "AsyncExplanationStream",
    "AsyncGenerationStream",
    "AsyncSFM2Client",
    "ExplanationStream",
    "GenerationStream",
    "SFM2Client",
]
