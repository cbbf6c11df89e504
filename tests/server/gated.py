"""A backend that answers when a test says so, and clients that wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from sfm2.generation import GenerationRequest
from sfm2.testing import FunctionBackend, Step, until
from tests.server.test_metrics import metrics


class Gated(FunctionBackend):
    """Answers `steps`, else with the number of the request, once it is open."""

    def __init__(self, *steps: Step) -> None:
        super().__init__("echo", self._steps)
        self._answer = steps
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    def _steps(self, request: GenerationRequest) -> list[Step]:
        return [self._wait, *(self._answer or [str(len(self.requests))])]

    async def _wait(self) -> None:
        while not self._open.is_set():
            await asyncio.sleep(0.001)


def until_waiting(client: httpx.Client, requests: int) -> None:
    until(lambda: metrics(client)["sfm2_in_flight"] == requests, what=f"{requests} requests that wait")


def until_running(backend: FunctionBackend, streams: int) -> None:
    """A request is in flight before it has come as far as the backend."""
    until(lambda: backend.running == streams, what=f"{streams} streams")


@contextmanager
def posting(
    client: httpx.Client, *requests: tuple[str, dict[str, Any], dict[str, str]], waiting: int = 0
) -> Iterator[list[Future[httpx.Response]]]:
    """These requests, path, body and headers, one after the other, beside others that wait already."""
    with ThreadPoolExecutor(len(requests)) as pool:
        posted = []
        for number, (path, body, headers) in enumerate(requests, waiting + 1):
            posted.append(pool.submit(client.post, path, json=body, headers=headers))
            until_waiting(client, number)
        yield posted
