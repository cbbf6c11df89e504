"""`sfm2 serve` as a process: its address, its workers, how it shuts down."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx
import psutil
import pytest
from pydantic import SecretStr
from uvicorn.config import STARTUP_FAILURE

from sfm2.config import Settings
from sfm2.installation import command_for
from sfm2.server.process import worker_settings
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.testing import until

pytestmark = pytest.mark.slow

SERVE = [sys.executable, "-m", "sfm2", "serve"]
WAIT = 20  # seconds; what is waited for comes much earlier unless something is broken
SLOW = {"prompt": "# echo-slow:" + "word " * 10, "max_length": 100}


@dataclass
class Served:
    process: subprocess.Popen[str]
    client: httpx.Client
    output: str

    def workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(_command_of(child))]


def _command_of(process: psutil.Process) -> list[str]:
    try:
        command: list[str] = process.cmdline()
        return command
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SFM2_")}
    return clean | {
        "SFM2_FALLBACK_CHAIN": "echo",
        "SFM2_STORAGE_DATA_DIR": str(tmp_path / "data"),
        "SFM2_STORAGE_CACHE_DIR": str(tmp_path / "cache"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.fixture
def serve(environment: dict[str, str], tmp_path: Path) -> Serve:
    @contextmanager
    def run(*arguments: str, **variables: str) -> Iterator[Served]:
        command = [*SERVE, "--port", "0", *arguments]
        log = tmp_path / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                command, env=environment | variables, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            url = re.search(r"http://\S+", first)
            assert url, log.read_text()
            with httpx.Client(base_url=url[0], timeout=WAIT, trust_env=False) as client:
                yield Served(process, client, first)
        finally:
            children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.terminate()
            process.wait(WAIT)
            process.stdout.close()
            psutil.wait_procs(children, WAIT)
        assert not any(child.is_running() for child in children)

    return run


def run_and_fail(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SERVE, *arguments], env=environment, capture_output=True, text=True, timeout=WAIT)


def test_it_prints_where_it_serves(serve: Serve) -> None:
    with serve() as served:
        assert not served.output.strip().endswith(":0")
        assert served.client.get("/health").json()["status"] == "healthy"


def test_sigterm_lets_running_requests_finish_and_says_so(serve: Serve) -> None:
    with serve() as served, served.client.stream("POST", "/generate/stream", json=SLOW) as stream:
        pieces = stream.iter_raw()
        received = next(pieces)
        served.process.send_signal(signal.SIGTERM)
        until(lambda: served.client.get("/health/ready").status_code == 503, WAIT)
        assert "draining" in served.client.get("/health/ready").json()["reason"]
        assert served.client.get("/health/live").status_code == 200
        refused = served.client.post("/generate", json={"prompt": "x"})
        assert (refused.status_code, refused.json()["error"]) == (503, "model_unavailable")
        assert refused.headers["retry-after"] == "1"
        received += b"".join(pieces)
        assert "word " * 9 + "word" in received.decode()
        assert b"event: done" in received
        assert served.process.wait(WAIT) == 0


def test_what_runs_longer_than_the_limit_is_ended_with_an_error(serve: Serve) -> None:
    with (
        serve(SFM2_API_SHUTDOWN_TIMEOUT="0.3") as served,
        served.client.stream("POST", "/generate/stream", json=SLOW) as stream,
    ):
        pieces = stream.iter_raw()
        received = next(pieces)
        served.process.send_signal(signal.SIGTERM)
        received += b"".join(pieces)
        assert b"event: done" not in received
        assert received.count(b"event: error") == 1
        assert b"model_unavailable" in received
        assert served.process.wait(WAIT) == 0


def test_a_second_ctrl_c_does_not_wait(serve: Serve) -> None:
    with serve() as served, served.client.stream("POST", "/generate/stream", json=SLOW) as stream:
        pieces = stream.iter_raw()
        received = next(pieces)
        served.process.send_signal(signal.SIGINT)
        until(lambda: served.client.get("/health/ready").status_code == 503, WAIT)
        served.process.send_signal(signal.SIGINT)
        received += b"".join(pieces)
        assert b"event: error" in received
        assert served.process.wait(WAIT) == 0


def test_a_port_in_use_is_reported_with_a_suggestion(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run_and_fail(environment, "--port", str(port))
    assert result.returncode == 1
    assert f"port {port}" in result.stderr
    assert "--port" in result.stderr
    assert result.stdout == ""


def test_an_address_of_another_machine_is_reported(environment: dict[str, str]) -> None:
    result = run_and_fail(environment, "--host", "192.0.2.1", "--port", "0")
    assert (result.returncode, "192.0.2.1" in result.stderr) == (1, True)


def test_a_folder_that_can_not_be_used_is_reported_before_serving(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run_and_fail(environment | {"SFM2_STORAGE_DATA_DIR": str(tmp_path / "file" / "data")}, "--port", "0")
    assert result.returncode == 2
    assert "storage.data_dir" in result.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_wrong_rate_is_reported_before_serving(environment: dict[str, str], workers: str) -> None:
    result = run_and_fail(environment | {"SFM2_LIMITS_RATE": "often"}, "--port", "0", "--workers", workers)
    assert (result.returncode, result.stdout) == (2, "")
    assert '"100/minute"' in result.stderr


@pytest.mark.parametrize(("arguments", "warns"), [(["--host", "0.0.0.0"], True), ([], False)])
def test_serving_others_without_a_key_warns(serve: Serve, tmp_path: Path, arguments: list[str], warns: bool) -> None:
    with serve(*arguments) as served:
        assert served.client.get("/health").status_code == 200
    assert ("sfm2 keys create" in (tmp_path / "log").read_text()) is warns


def test_without_the_server_extra_it_says_which_to_install(environment: dict[str, str]) -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from sfm2.cli import main; main(['serve'])"
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=WAIT)
    assert command_for("server") in result.stderr
    assert "Traceback" not in result.stderr


def test_workers_share_limits_statistics_and_keys(serve: Serve, tmp_path: Path) -> None:
    def ask(client: httpx.Client, **headers: str) -> int:
        with httpx.Client(base_url=client.base_url, timeout=WAIT, trust_env=False) as fresh:
            return fresh.post("/generate", json={"prompt": "x"}, headers=headers).status_code

    with serve("--workers", "2", SFM2_LIMITS_RATE="5/minute") as served:
        until(lambda: len(served.workers()) == 2, WAIT)
        assert sorted(ask(served.client) for _ in range(8)) == [200] * 5 + [429] * 3
        key, text = Keys(Store.in_folder(tmp_path / "data")).create(rate="100/minute")
        headers = {"X-API-Key": text}
        until(lambda: served.client.get("/stats", headers=headers).json()["total_requests"] == 8, WAIT)
        assert {ask(served.client) for _ in range(4)} == {401}
        assert {ask(served.client, **headers) for _ in range(4)} == {200}
        Keys(Store.in_folder(tmp_path / "data")).revoke(key.id)
        assert {ask(served.client, **headers) for _ in range(4)} == {401}
        served.process.terminate()
        assert served.process.wait(WAIT) == 0


def pids(served: Served) -> set[int]:
    return {worker.pid for worker in served.workers()}


@contextmanager
def set_at_the_end(event: Event) -> Iterator[None]:
    try:
        yield
    finally:
        event.set()


def longest_batch(served: Served) -> int:
    """What a worker has as `limits.max_batch`, as an error of it says."""
    with httpx.Client(base_url=served.client.base_url, timeout=WAIT, trust_env=False) as fresh:
        refused = fresh.post("/generate/batch", json={"prompts": ["x"] * 1_000})
    found = re.search(r"at most (\d+)", refused.json()["message"])
    assert found
    return int(found[1])


def test_sighup_replaces_the_workers_with_new_settings_and_refuses_nobody(serve: Serve, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"limits": {"max_batch": 7}}', encoding="utf-8")
    with serve("--workers", "2", "--config", str(config)) as served, ThreadPoolExecutor() as pool:
        until(lambda: served.client.get("/health/ready").status_code == 200, WAIT)
        until(lambda: len(served.workers()) == 2, WAIT)
        before, replaced = pids(served), Event()

        def ask_again_and_again(keep_alive: bool) -> list[int]:
            """On one connection, or on a new one each time."""
            limits = httpx.Limits(max_keepalive_connections=1 if keep_alive else 0)
            found = []
            with httpx.Client(base_url=served.client.base_url, timeout=WAIT, trust_env=False, limits=limits) as client:
                while not replaced.is_set():
                    found.append(client.post("/generate", json={"prompt": "# echo-slow:one two three"}).status_code)
            return found

        with set_at_the_end(replaced):
            asking = [pool.submit(ask_again_and_again, keep_alive) for keep_alive in (True, True, False, False)]
            config.write_text('{"limits": {"max_batch": 9}}', encoding="utf-8")
            served.process.send_signal(signal.SIGHUP)
            until(lambda: len(pids(served)) == 2 and not pids(served) & before, 2 * WAIT, "two new workers alone")
        statuses = [status for one in asking for status in one.result()]
        assert len(statuses) > 20
        assert set(statuses) == {200}
        assert {longest_batch(served) for _ in range(8)} == {9}


def test_sighup_with_wrong_settings_changes_nothing(serve: Serve, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"limits": {"max_batch": 7}}', encoding="utf-8")
    with serve("--workers", "2", "--config", str(config)) as served:
        until(lambda: len(served.workers()) == 2, WAIT)
        until(lambda: served.client.get("/health/ready").status_code == 200, WAIT)
        before = pids(served)
        config.write_text('{"limits": {"max_batch": "many"}}', encoding="utf-8")
        served.process.send_signal(signal.SIGHUP)
        until(lambda: "SIGHUP: the settings are wrong" in (tmp_path / "log").read_text(), WAIT)
        assert "limits.max_batch" in (tmp_path / "log").read_text()
        assert {longest_batch(served) for _ in range(8)} == {7}
        assert pids(served) == before


def test_sighup_does_not_end_a_single_worker(serve: Serve, tmp_path: Path) -> None:
    with serve() as served:
        served.process.send_signal(signal.SIGHUP)
        until(lambda: "SIGHUP" in (tmp_path / "log").read_text(), WAIT)
        assert served.client.get("/health/live").status_code == 200


def test_a_worker_that_was_killed_is_replaced(serve: Serve) -> None:
    with serve("--workers", "2") as served:
        until(lambda: len(served.workers()) == 2, WAIT)
        before = pids(served)
        served.workers()[0].kill()
        until(lambda: len(pids(served)) == 2 and pids(served) != before, WAIT)
        assert len(pids(served) & before) == 1


def test_a_worker_that_can_not_start_says_so_for_good(environment: dict[str, str]) -> None:
    code = "from sfm2.server.app import from_environment; from_environment()"
    broken = environment | {"SFM2_LIMITS_RATE": "often"}
    result = subprocess.run([sys.executable, "-c", code], env=broken, capture_output=True, text=True, timeout=WAIT)
    assert result.returncode == STARTUP_FAILURE
    assert '"100/minute"' in result.stderr


def test_workers_end_with_a_parent_that_was_killed(serve: Serve) -> None:
    with serve("--workers", "2") as served:
        assert served.client.get("/health").status_code == 200
        until(lambda: len(served.workers()) == 2, WAIT)
        workers = served.workers()
        served.process.kill()
        _, alive = psutil.wait_procs(workers, WAIT)
        assert alive == []


def test_settings_reach_the_workers_with_their_secrets() -> None:
    settings = Settings.model_validate(
        {
            "models": {"openai": {"api_key": "sk-secret"}},
            "limits": {"max_body": "3MB"},
            "fallback": {"chain": ["openai"]},
        }
    )
    found = worker_settings.read({worker_settings.VARIABLE: worker_settings.encode(settings)})
    assert found == settings
    assert found.models.openai.api_key == SecretStr("sk-secret")
    assert worker_settings.read({}) is None
