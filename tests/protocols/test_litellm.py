"""The unmodified litellm, in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Running
from tests.protocols.clients import Others

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("ask_litellm.py")


def ask(others: Others, home: Path, base_url: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(others.run(home, "python", PROGRAM, base_url).splitlines()[-1])
    return answers


def test_on_echo(others: Others, base_url: str, tmp_path: Path) -> None:
    answers = ask(others, tmp_path, base_url)
    assert (answers["chat"], answers["chat_stream"]) == ("Banana", "Banana")
    assert answers["text"] == answers["text_stream"]
    assert answers["unknown_model"] == "NotFoundError"
    assert answers["wrong_field"] == "BadRequestError"


@pytest.mark.engine
def test_on_real_weights(others: Others, server: Running, tmp_path: Path) -> None:
    answers = ask(others, tmp_path, f"{server.url}/v1")
    assert answers["text"] == answers["text_stream"] == " a + b"
    assert "banana" in answers["chat"].lower()
    assert answers["chat"] == answers["chat_stream"]
    assert answers["chat_tokens"] > 20
    assert answers["too_long"] == "ContextWindowExceededError"
