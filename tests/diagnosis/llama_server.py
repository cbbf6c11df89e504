"""A server of llama.cpp's protocol whose answers a test chooses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sfm2.prompts import FAMILIES
from sfm2.testing import serve

_QWEN = FAMILIES[0]


@dataclass(frozen=True)
class LlamaServer:
    """What it does."""

    special: tuple[str, ...] = _QWEN.special_tokens
    """Texts that are single tokens"""
    written: str = " a + b"
    """Its continuation of every prompt"""
    template: str = ""
    """What it puts around prompts"""
    model: str = "their-model"
    """What it calls its weights"""

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its URL."""
        routes = [
            Route("/health", self._health),
            Route("/props", self._properties),
            Route("/tokenize", self._tokenize, methods=["POST"]),
            Route("/completion", self._completion, methods=["POST"]),
        ]
        with serve(Starlette(routes=routes)) as server:
            yield server.url

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _properties(self, request: Request) -> Response:
        return JSONResponse({"model_alias": self.model})

    async def _tokenize(self, request: Request) -> Response:
        return JSONResponse({"tokens": self._tokens((await request.json())["content"])})

    async def _completion(self, request: Request) -> Response:
        read = self._tokens(self.template + (await request.json())["prompt"])
        events = (
            {"content": self.written, "tokens": [1, 2, 3]},
            {"content": "", "stop": True, "stop_type": "eos", "tokens_evaluated": len(read)},
        )
        return Response("".join(f"data: {json.dumps(one)}\n\n" for one in events), media_type="text/event-stream")

    def _tokens(self, text: str) -> list[int]:
        """The special texts are a token each, and every other word and sign."""
        special = "|".join(map(re.escape, self.special))
        return list(range(len(re.findall(f"{special}|\\w+|[^\\w\\s]" if special else r"\w+|[^\w\s]", text))))
