"""Code as it comes, with asyncio. The server is the one of SFM2_API_URL, or http://localhost:8000."""

from __future__ import annotations

import asyncio

from sfm2 import AsyncSFM2Client


async def main() -> None:
    async with AsyncSFM2Client() as client, client.generate_stream("class Queue:", language="python") as stream:
        async for chunk in stream:
            print(chunk.text, end="", flush=True)
    assert stream.result is not None, "a stream that ends without an error has its result"
    print(f"\n# {stream.result.tokens.completion} tokens, {stream.result.finish_reason}")


if __name__ == "__main__":
    asyncio.run(main())
