"""Several real llama.cpp servers as one engine: a file's cache is found again, and one is killed under load."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.config import Settings, load
from sfm2.engines.base import Engine
from sfm2.engines.registry import engine_for
from sfm2.errors import BackendError
from sfm2.testing import serve, until
from sfm2.types import SamplingParams
from tests.engines import tiny

pytestmark = pytest.mark.slow

MARKS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>")
TYPED = "".join(f"def add_{number}(a, b):\n    return a + b\n" for number in range(6))


@dataclass
class LlamaServer:
    """One process."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def prompt_tokens(self) -> int:
        """Tokens of prompts that it has read, and had not read before."""
        found = re.search(r"^llamacpp:prompt_tokens_total (\d+)", httpx.get(f"{self.url}/metrics").text, re.MULTILINE)
        assert found
        return int(found[1])

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def started(program: Path, weights: Path) -> LlamaServer:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = ["--parallel", "4", "--ctx-size", "2048", "--device", "none", "--threads", "1", "--metrics", "--no-webui"]
    command = [str(program), "--model", str(weights), "--host", "127.0.0.1", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return LlamaServer(f"http://127.0.0.1:{port}", process)


@pytest.fixture
def servers(llama_server: Path, tmp_path: Path) -> Iterator[list[LlamaServer]]:
    weights = tiny.write(tmp_path / "tiny.gguf", marks=MARKS)
    found = [started(llama_server, weights) for _ in range(3)]
    try:
        for one in found:
            until(one.is_ready, 30)
        yield found
    finally:
        for one in found:
            one.kill()


def settings_of(servers: list[LlamaServer], folder: Path) -> Settings:
    given = {"models.sfm2.url": [one.url for one in servers], "fallback.chain": ["sfm2"], "storage.data_dir": folder}
    return load(given, environment={}).settings


async def completed(engine: Engine, prompt: str, key: str) -> tuple[str, BackendError | None]:
    """What came of it: the text, and the error that ended it."""
    text = ""
    try:
        sampling = SamplingParams(max_length=32, temperature=0.0)
        async with aclosing(engine.generate(prompt, sampling, streaming=True, affinity=key)) as chunks:
            async for chunk in chunks:
                text += chunk.text
    except BackendError as error:
        return text, error
    return text, None


def test_nothing_is_lost_before_its_first_chunk_when_one_is_killed(servers: list[LlamaServer], tmp_path: Path) -> None:
    async def scenario() -> list[tuple[str, BackendError | None]]:
        engine = engine_for(settings_of(servers, tmp_path), {})
        await engine.start()
        await engine.ready()
        gate = asyncio.Semaphore(12)

        async def one(number: int) -> tuple[str, BackendError | None]:
            async with gate:
                if number == 60:
                    servers[0].kill()
                return await completed(engine, TYPED, f"file_{number % 20}.py")

        try:
            return await asyncio.gather(*(one(number) for number in range(200)))
        finally:
            await engine.aclose()

    found = asyncio.run(scenario())
    lost = [error.message for text, error in found if error and not text]
    broken = [error.message for text, error in found if error and text]
    assert lost == []
    assert len(broken) <= 12, "no more than ran when it was killed"
    assert len({text for text, error in found if error is None}) == 1, "each server would have said the same"


def test_a_live_service_finds_a_file_s_cache_and_survives_a_kill(servers: list[LlamaServer], tmp_path: Path) -> None:
    with serve(settings_of(servers, tmp_path)) as running:

        def complete(prefix: str, path: str = "src/a.py", length: int = 4) -> dict[str, Any]:
            body = {"prefix": prefix, "suffix": "\n\nprint(1)\n", "path": path, "max_length": length}
            answer = httpx.post(f"{running.url}/complete", json=body, timeout=30)
            assert answer.status_code == httpx.codes.OK, answer.text
            found: dict[str, Any] = answer.json()
            return found

        before = [one.prompt_tokens for one in servers]
        for at in range(100, len(TYPED), 4):
            assert complete(TYPED[:at])["model_used"] == "sfm2"
        read = [one.prompt_tokens - first for one, first in zip(servers, before, strict=True)]
        assert sum(count > 0 for count in read) == 1, "one engine has all of a file's keystrokes"
        in_all = sum(at + 20 for at in range(100, len(TYPED), 4))
        assert max(read) < in_all / 2

        killed = servers[read.index(max(read))]
        with ThreadPoolExecutor(8) as threads:
            answers = [threads.submit(complete, TYPED, f"file_{number % 20}.py", 40) for number in range(40)]
            killed.kill()
            answers += [threads.submit(complete, TYPED, f"file_{number % 20}.py", 40) for number in range(40)]
        assert [one.result()["fallback"] for one in answers] == [[]] * 80, (
            "nobody who waits for a whole answer loses it"
        )

        def reason() -> str:
            return str(httpx.get(f"{running.url}/health").json()["model_details"]["sfm2"])

        until(lambda: "2 of 3 engines answer" in reason(), what=reason)
        assert "is it running?" in reason()
