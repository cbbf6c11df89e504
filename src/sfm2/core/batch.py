"""The prompts of a batch: each on its own, and one that fails has its error in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sfm2.core.together import together
from sfm2.errors import PayloadTooLargeError, SFM2Error
from sfm2.requests import batch_item, error_body
from sfm2.types import Batch, BatchRequest, Completion, ErrorBody, GenerateRequest

AT_ONCE = 16
"""Prompts: half of what an engine works on at once, so that two batches fill it"""


async def answered(
    batch: BatchRequest, most: int, complete: Callable[[GenerateRequest], Awaitable[Completion]]
) -> Batch:
    """The answers in the order of the prompts. Raises `PayloadTooLargeError` for more than `most` prompts."""
    if len(batch.prompts) > most:
        raise PayloadTooLargeError(f"the batch has {len(batch.prompts):,} prompts; at most {most:,} are allowed")
    turns = asyncio.Semaphore(AT_ONCE)

    async def answer(prompt: Any) -> Completion | ErrorBody:
        try:
            async with turns:
                return await complete(batch_item(batch, prompt))
        except SFM2Error as error:
            return error_body(error)

    return Batch(results=await together([answer(prompt) for prompt in batch.prompts]))
