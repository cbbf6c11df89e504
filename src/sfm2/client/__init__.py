"""The SDK: `SFM2Client` for blocking code, `AsyncSFM2Client` for asyncio. It needs httpx and pydantic, nothing else."""

from sfm2.client._async import AsyncGenerationStream, AsyncSFM2Client
from sfm2.client._sync import GenerationStream, SFM2Client

__all__ = ["AsyncGenerationStream", "AsyncSFM2Client", "GenerationStream", "SFM2Client"]
