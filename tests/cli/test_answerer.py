"""Who answers."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from sfm2.cli.answerer import server_to_ask
from sfm2.cli.first_use import needs_weights
from sfm2.cli.local import prepare
from sfm2.cli.options import Access
from sfm2.cli.probe import is_sfm2
from sfm2.config import ApiSettings, Settings
from sfm2.errors import WeightsError

OURS = "http://127.0.0.1:8000"
ELSEWHERE = "http://elsewhere:1"


@pytest.mark.parametrize(
    ("access", "running", "asked"),
    [
        (Access(), {OURS}, OURS),
        (Access(), set(), None),
        (Access(local=True), {OURS}, None),
        (Access(local=True, api_url=ELSEWHERE), {OURS}, None),
        (Access(api_url=ELSEWHERE), {OURS}, ELSEWHERE),
        (Access(api_url=ELSEWHERE), set(), ELSEWHERE),
    ],
)
def test_the_server_the_caller_names_else_ours_else_none(access: Access, running: set[str], asked: str | None) -> None:
    assert server_to_ask(access, ApiSettings(), running.__contains__) == asked


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
    assert server_to_ask(Access(), ApiSettings(host=host, port=port), lambda url: True) == url


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
        prepare(settings(tmp_path, *chain, sfm2=missing(tmp_path)), use_fallback)


def test_missing_weights_are_left_to_the_chain_when_it_has_another_answer(tmp_path: Path) -> None:
    prepare(settings(tmp_path, "sfm2", "echo", sfm2=missing(tmp_path)), use_fallback=True)
