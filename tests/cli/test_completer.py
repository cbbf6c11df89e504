"""Which completer answers a command."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from sfm2.cli.completer import Target, is_sfm2, loading_text, needs_weights, prepare_weights, server_url
from sfm2.config import ApiSettings, Settings
from sfm2.core import ModelManager
from sfm2.errors import WeightsError
from sfm2.types import BackendStatus, Health

OURS = "http://127.0.0.1:8000"
ELSEWHERE = "http://elsewhere:1"


@pytest.mark.parametrize(
    ("target", "running", "asked"),
    [
        (Target(), {OURS}, OURS),
        (Target(), set(), None),
        (Target(local=True), {OURS}, None),
        (Target(local=True, api_url=ELSEWHERE), {OURS}, None),
        (Target(api_url=ELSEWHERE), {OURS}, ELSEWHERE),
        (Target(api_url=ELSEWHERE), set(), ELSEWHERE),
    ],
)
def test_the_server_the_caller_names_else_ours_else_none(target: Target, running: set[str], asked: str | None) -> None:
    assert server_url(target, ApiSettings(), running.__contains__) == asked


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("0.0.0.0", 8001, "http://127.0.0.1:8001"),
        ("::", 8000, "http://127.0.0.1:8000"),
        ("::1", 8000, "http://[::1]:8000"),
        ("10.0.0.5", 8000, "http://10.0.0.5:8000"),
        ("localhost", 80, "http://localhost:80"),
        ("127.0.0.1", 0, None),
    ],
)
def test_our_server_is_looked_for_where_the_settings_put_it(host: str, port: int, url: str | None) -> None:
    assert server_url(Target(), ApiSettings(host=host, port=port), lambda url: True) == url


def test_a_running_server_is_known(server_url: str) -> None:
    assert is_sfm2(server_url)


def test_another_server_is_not_taken_for_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert not is_sfm2(f"http://127.0.0.1:{port}")
    assert not is_sfm2(f"http://127.0.0.1:{port}")


def settings(tmp_path: Path, *chain: str, **models: Any) -> Settings:
    return Settings.model_validate(
        {"fallback": {"chain": chain}, "models": models, "storage": {"cache_dir": tmp_path, "data_dir": tmp_path}}
    )


LORA = {"lora_path": "somewhere"}
KEY = {"api_key": "sk-x"}


@pytest.mark.parametrize(
    ("chain", "models", "needed"),
    [
        (["sfm2"], {}, True),
        (["sfm2", "openai"], {"openai": KEY}, True),
        (["openai", "sfm2"], {"openai": KEY}, False),
        (["openai", "gpt2_lora", "sfm2"], {}, True),
        (["gpt2_lora", "sfm2"], {"gpt2_lora": LORA}, False),
        (["echo", "sfm2"], {}, False),
        (["sfm2"], {"sfm2": {"url": "http://127.0.0.1:1"}}, False),
        (["openai"], {}, False),
    ],
)
def test_weights_are_needed_when_sfm2_is_the_first_that_is_set_up(
    tmp_path: Path, chain: list[str], models: dict[str, Any], needed: bool
) -> None:
    assert needs_weights(settings(tmp_path, *chain, **models)) is needed


def missing(tmp_path: Path) -> dict[str, str]:
    return {"path": str(tmp_path / "none.gguf")}


@pytest.mark.parametrize(
    ("chain", "use_fallback"), [(["sfm2"], True), (["sfm2", "openai"], True), (["sfm2", "echo"], False)]
)
def test_missing_weights_are_an_error_when_nobody_else_may_answer(
    tmp_path: Path, chain: list[str], use_fallback: bool
) -> None:
    pytest.importorskip("openvino_genai")
    with pytest.raises(WeightsError):
        prepare_weights(settings(tmp_path, *chain, sfm2=missing(tmp_path)), use_fallback)


def test_missing_weights_are_left_to_the_chain_when_it_has_another_backend(tmp_path: Path) -> None:
    chain = settings(tmp_path, "sfm2", "echo", sfm2=missing(tmp_path))
    prepare_weights(chain, use_fallback=True)
    with ModelManager(chain) as manager:
        answer = manager.generate("x\necho:here")
    assert answer.completion == "here"
    assert [attempt.backend for attempt in answer.fallback] == ["sfm2"]


LOADING = {"sfm2": BackendStatus.LOADING, "echo": BackendStatus.AVAILABLE}


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({}, "sfm2: loading"),
        ({"model_details": {"sfm2": "reading weights"}}, "sfm2: reading weights"),
        ({"backends": {"sfm2": {"status": "loading", "reason": "compiling"}}}, "sfm2: compiling"),
    ],
)
def test_what_is_loading_is_shown(known: dict[str, Any], text: str) -> None:
    health = {"status": "degraded", "model_status": LOADING, "timestamp": "2026-01-01T00:00:00Z", **known}
    assert loading_text(Health.model_validate(health)) == text


def test_nothing_is_shown_when_nothing_loads(tmp_path: Path) -> None:
    with ModelManager(settings(tmp_path, "echo")) as manager:
        assert loading_text(manager.health()) is None
