"""Several questions at a time, with asyncio. The server is the one of SFM2_API_URL, or http://localhost:8000."""

from __future__ import annotations

import asyncio

from sfm2 import AsyncSFM2Client, Completion, SFM2Error

METHODS = ["    def push(self, item):", "    def pop(self):", "    def __len__(self):"]
AT_ONCE = 2  # more would only wait in the server
PATIENCE = 60.0  # seconds for one answer


async def main() -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncSFM2Client() as client:
        answers = await asyncio.gather(*(ask(client, gate, method) for method in METHODS))
    for method, answer in zip(METHODS, answers, strict=True):
        print(f"{method.strip()}  # {describe(answer)}")


async def ask(client: AsyncSFM2Client, gate: asyncio.Semaphore, method: str) -> Completion | Exception:
    """The completion, or why there is none: one that fails leaves the others alone."""
    async with gate:
        try:
            # A time limit cancels the request, and with it the model's work.
            async with asyncio.timeout(PATIENCE):
                return await client.complete(f"class Stack:\n{method}\n", path="stack.py", max_length=60)
        except (SFM2Error, TimeoutError) as error:
            return error


def describe(answer: Completion | Exception) -> str:
    if isinstance(answer, Completion):
        return f"{len(answer.completion.splitlines())} lines, confidence {answer.confidence:.2f}"
    return f"failed: {answer or type(answer).__name__}"


if __name__ == "__main__":
    asyncio.run(main())
