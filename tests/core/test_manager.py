"""ModelManager for blocking callers, on the echo backend."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sfm2.config import load
from sfm2.core import ModelManager
from sfm2.errors import InvalidRequestError
from sfm2.testing import clean_environment

ECHO = load({"fallback.chain": ["echo"]}, environment={}).settings


def test_answers_streams_and_tells_its_health() -> None:
    with ModelManager(ECHO) as manager:
        assert manager.check_health()["echo"] == "available"
        assert manager.generate("x\necho:a b").completion == "a b"
        assert [chunk.text for chunk in manager.generate_stream("x\necho:a b", guard=False)] == ["a", " b"]
        assert [answer["model_used"] for answer in manager.generate_batch(["a", "b"])] == ["echo", "echo"]


def test_errors_come_out_as_themselves() -> None:
    with ModelManager(ECHO) as manager, pytest.raises(InvalidRequestError, match="prompt: must not be empty"):
        manager.generate("  ")


def test_leaving_a_stream_early_is_harmless() -> None:
    with ModelManager(ECHO) as manager:
        stream = manager.generate_stream("x\necho:a b c d")
        next(stream)
        stream.close()
        assert manager.generate("x\necho:still here").completion == "still here"


def test_serves_many_threads() -> None:
    answers: list[str] = []
    with ModelManager(ECHO) as manager:
        threads = [
            threading.Thread(target=lambda i=i: answers.append(manager.generate(f"x\necho:{i}").completion))
            for i in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers, key=int) == [str(i) for i in range(20)]


def test_closing_twice_is_harmless_and_using_it_afterwards_is_not() -> None:
    manager = ModelManager(ECHO)
    manager.close()
    manager.close()
    with pytest.raises(RuntimeError, match="closed"):
        manager.generate("x")


def test_a_script_that_never_closes_it_still_ends(tmp_path: Path) -> None:
    script = "from sfm2.core import ModelManager; print(ModelManager().generate('x\\necho:done').completion)"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=clean_environment(tmp_path, {"SFM2_FALLBACK_CHAIN": "echo"}),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert ended.stdout.strip() == "done"
