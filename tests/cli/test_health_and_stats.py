"""`sfm2 health`, `sfm2 stats` and `sfm2 feedback`, as processes."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import Sfm2


def test_health_of_a_server(sfm2: Sfm2, server_url: str) -> None:
    result = sfm2("health", SFM2_API_PORT=server_url.rsplit(":", 1)[1])
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{server_url} (SFM-2 ")
    assert lines[0].endswith("): healthy")
    assert lines[2].split() == ["BACKEND", "STATUS", "REASON"]
    assert any(line.split()[:2] == ["echo", "available"] for line in lines)


def test_health_for_programs(sfm2: Sfm2, server_url: str) -> None:
    result = json.loads(sfm2("health", "--json", "--api-url", server_url).stdout)
    assert (result["status"], result["model_status"]["echo"]) == ("healthy", "available")


@pytest.mark.parametrize(("chain", "code"), [("echo", 0), ("openai,echo", 1), ("openai", 1)])
def test_the_exit_code_tells_the_health(sfm2: Sfm2, chain: str, code: int) -> None:
    result = sfm2("health", "--local", SFM2_FALLBACK_CHAIN=chain)
    assert (result.returncode, result.stderr) == (code, "")
    assert result.stdout.startswith("this process")


@pytest.mark.parametrize("command", ["health", "stats"])
def test_without_a_server(sfm2: Sfm2, command: str) -> None:
    result = sfm2(command, SFM2_API_PORT="9")
    assert (result.returncode, result.stdout) == (3, "")
    assert "no SFM-2 server answers at http://127.0.0.1:9" in result.stderr
    assert "sfm2 serve" in result.stderr


def test_stats_of_a_server(sfm2: Sfm2, server_url: str) -> None:
    assert sfm2("generate", "x", "--api-url", server_url).returncode == 0
    table = sfm2("stats", "--api-url", server_url)
    assert table.returncode == 0
    assert "model usage: echo" in table.stdout
    assert re.search(r"last minute +\d+ requests?, 0 failed, \d+ tokens, p50 \d", table.stdout)
    counted = json.loads(sfm2("stats", "--json", "--api-url", server_url).stdout)
    assert counted["model_usage"]["echo"] >= 1


def test_feedback_for_a_server(sfm2: Sfm2, server_url: str) -> None:
    answer = json.loads(sfm2("generate", "x", "--json", "--api-url", server_url).stdout)
    result = sfm2("feedback", answer["id"], "accepted", "--api-url", server_url)
    assert (result.returncode, result.stdout) == (0, "")
    assert "acceptance rate" in sfm2("stats", "--api-url", server_url).stdout
    unknown = sfm2("feedback", "nothing", "accepted", "--api-url", server_url)
    assert unknown.returncode != 0
    assert "no completion 'nothing'" in unknown.stderr


def test_only_a_server_counts(sfm2: Sfm2) -> None:
    assert sfm2("stats", "--local").returncode == 2
