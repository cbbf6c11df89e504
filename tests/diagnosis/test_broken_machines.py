"""`sfm2 doctor` on machines that something is wrong with: each fault is real, and made here."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from sfm2.errors import BackendError
from sfm2.generation import GenerationRequest
from sfm2.models.catalogue import load_catalogue
from sfm2.server.usage.sqlite.file import FILE_NAME
from sfm2.server.usage.sqlite.schema import VERSION
from sfm2.server.usage.store import Store
from sfm2.testing import FunctionBackend, ScriptedBackend, Step, serve
from tests.diagnosis.conftest import Doctor, run
from tests.diagnosis.llama_server import LlamaServer
from tests.server.live import settings_for

pytestmark = pytest.mark.slow

NAME = "qwen2.5-coder-0.5b"
WEIGHTS = load_catalogue().entry(NAME)
SFM2_FIRST = {"SFM2_FALLBACK_CHAIN": "sfm2"}


def filler() -> FunctionBackend:
    """Assigns the name that the suffix returns."""

    def fill(request: GenerationRequest) -> Iterable[Step]:
        name = re.search(r"return (\w+)", request.suffix)
        return [f"{name[1]} = 2 * (width + height)"] if name else ["pass"]

    return FunctionBackend("sfm2", fill)


# --- the service


def test_a_service_that_fills_holes_is_healthy(doctor: Doctor, tmp_path: Path) -> None:
    with serve(settings_for(tmp_path / "data"), [filler()]) as server:
        found = doctor("--api-url", server.url)
    assert (found.code, found.healthy, found.problems) == (0, True, [])
    assert found.of("server")["found"] == f"{server.url}, healthy"
    assert found.of("hole")["found"] == "filled: sfm2 answers, and knows what follows"
    assert "first line after" in found.of("latency")["found"]


@pytest.mark.parametrize("address", ["notaurl", "ftp://127.0.0.1:21"])
def test_what_is_no_address(doctor: Doctor, address: str) -> None:
    found = doctor("--quick", "--api-url", address)
    assert (found.code, "server" in found.problems) == (1, True)
    assert "is no address of a server" in found.of("server")["found"]


def test_a_server_that_has_weights_of_its_own(doctor: Doctor, tmp_path: Path) -> None:
    with serve(settings_for(tmp_path / "data"), [filler()]) as server:
        found = doctor("--quick", SFM2_API_PORT=server.url.rsplit(":", 1)[1], **SFM2_FIRST)
    assert (found.code, found.problems) == (0, [])
    assert "the server that runs has its own" in found.of("weights")["found"]


def test_a_model_that_does_not_see_the_suffix(doctor: Doctor, tmp_path: Path) -> None:
    with serve(settings_for(tmp_path / "data"), [ScriptedBackend("sfm2", "return 2 * (width + height)")]) as server:
        found = doctor("--api-url", server.url)
    assert (found.code, found.problems) == (1, ["hole"])
    assert "does not know what follows a hole" in found.of("hole")["found"]


def test_another_backend_in_the_models_place(doctor: Doctor, tmp_path: Path) -> None:
    broken = ScriptedBackend("sfm2", BackendError("out of memory"))
    with serve(settings_for(tmp_path / "data"), [broken, filler_called("openai")]) as server:
        found = doctor("--api-url", server.url)
    assert found.problems == ["fallback"]
    assert "openai answers in the place of others: sfm2: " in found.of("fallback")["found"]


def filler_called(name: str) -> FunctionBackend:
    backend = filler()
    backend.name = name
    return backend


def test_a_key_that_is_missing_says_nothing_of_the_model(doctor: Doctor, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data", api={"require_key": True})
    with serve(settings, [filler()]) as server:
        found = doctor("--api-url", server.url)
    assert (found.code, found.of("hole")["level"]) == (0, "warning")
    assert "SFM2_API_KEY" in found.of("hole")["advice"]


def test_a_named_server_that_is_not_there(doctor: Doctor) -> None:
    found = doctor("--quick", "--api-url", "http://127.0.0.1:9")
    assert (found.code, found.problems) == (1, ["server"])
    assert "nothing answers at http://127.0.0.1:9" in found.of("server")["found"]


class _Site(BaseHTTPRequestHandler):
    server_version, sys_version = "SomebodysSite/1.0", ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>It works!</html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


def test_a_port_that_another_program_has_taken(doctor: Doctor) -> None:
    with HTTPServer(("127.0.0.1", 0), _Site) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            found = doctor("--quick", SFM2_API_PORT=str(site.server_port))
        finally:
            site.shutdown()
            thread.join()
    assert (found.code, found.problems) == (1, ["server"])
    said = found.of("server")
    assert "another program than SFM-2 answers" in said["found"]
    assert "SomebodysSite/1.0" in said["found"]
    assert "api.port" in said["advice"]


def test_a_port_whose_program_says_nothing(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = doctor("--quick", SFM2_API_PORT=str(silent.getsockname()[1]))
    assert found.problems == ["server"]
    assert "does not answer" in found.of("server")["found"]


def test_a_proxy_that_catches_loopback(doctor: Doctor, tmp_path: Path) -> None:
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9"}
    assert doctor("--quick", **proxy).of("proxy")["level"] == "warning", "no service is there to try it with"
    with serve(settings_for(tmp_path / "data"), [filler()]) as server:
        found = doctor("--quick", "--api-url", server.url, **proxy)
        excepted = doctor("--quick", "--api-url", server.url, **proxy, NO_PROXY="localhost,127.0.0.1")
    assert (found.code, found.problems) == (1, ["proxy"])
    assert f"HTTP_PROXY also catches {server.url}" in found.of("proxy")["found"]
    assert found.of("proxy")["advice"] == "Set NO_PROXY=localhost,127.0.0.1,::1"
    assert (excepted.code, excepted.of("proxy")["level"]) == (0, "ok")


# --- folders, weights, device, store


def test_a_cache_folder_that_can_not_be_written(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = doctor("--quick", **SFM2_FIRST, SFM2_STORAGE_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert (found.code, found.problems) == (1, ["weights", "disk"])
    assert "can't be written: Not a directory" in found.of("disk")["found"]
    assert "storage.cache_dir" in found.of("disk")["advice"]


def test_a_folder_whose_name_no_system_takes(doctor: Doctor, tmp_path: Path) -> None:
    found = doctor("--quick", **SFM2_FIRST, SFM2_STORAGE_CACHE_DIR=str(tmp_path / ("x" * 300)))
    assert found.code == 1
    assert "File name too long" in found.of("weights")["found"]
    assert "itself failed" not in str(found.findings)


def test_weights_that_are_not_there(doctor: Doctor) -> None:
    found = doctor(**SFM2_FIRST)
    assert found.problems == ["weights"]
    assert found.of("weights")["advice"] == f"sfm2 models pull {NAME}"
    assert found.of("hole")["found"] == "not asked: there is no model yet that could answer"


@pytest.mark.parametrize(
    ("options", "size", "said"),
    [
        ((), WEIGHTS.bytes, "is damaged: its SHA-256 is"),
        (("--quick",), WEIGHTS.bytes - 1, "is truncated: expected 491,400,064 bytes"),
    ],
    ids=["altered", "truncated"],
)
def test_weights_that_are_damaged(
    doctor: Doctor, tmp_path: Path, options: tuple[str, ...], size: int, said: str
) -> None:
    folder = tmp_path / "cache" / "weights"
    folder.mkdir(parents=True)
    with (folder / f"{NAME}.gguf").open("wb") as file:
        file.truncate(size)
    found = doctor(*options, **SFM2_FIRST)
    assert (found.code, found.problems) == (1, ["weights"])
    assert said in found.of("weights")["found"]
    assert found.of("weights")["advice"] == f"sfm2 models pull {NAME}"


@pytest.mark.parametrize(
    ("device", "said"),
    [("cuda", "OpenVINO has no CUDA, so it runs on the CPU"), ("npu", "has no NPU"), ("tpu", "not 'tpu'")],
)
def test_a_device_that_the_engine_can_not_use(doctor: Doctor, device: str, said: str) -> None:
    found = doctor("--quick", **SFM2_FIRST, SFM2_MODELS_SFM2_DEVICE=device)
    assert (found.code, found.problems) == (1, ["weights", "device"])
    assert said in found.of("device")["found"]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    store = Store(file)
    store.ping()
    store.close()
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_a_store_that_another_process_has_locked(doctor: Doctor, tmp_path: Path) -> None:
    with locked(tmp_path / FILE_NAME):
        found = doctor("--quick")
    assert (found.code, found.problems) == (1, ["store"])
    assert "another process has locked it" in found.of("store")["found"]
    assert doctor("--quick").code == 0, "it is not locked any more"


def test_a_store_of_another_version_is_left_alone(doctor: Doctor, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as file:
        for version, code in ((1, 0), (VERSION + 1, 1)):
            file.execute(f"PRAGMA user_version = {version}")
            assert doctor("--quick").code == code
            assert file.execute("PRAGMA user_version").fetchone() == (version,)


def test_a_store_that_is_no_database(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 300)
    found = doctor("--quick")
    assert (found.code, found.problems) == (1, ["store"])
    assert "the file is damaged" in found.of("store")["found"]
    assert "sfm2 store restore" in found.of("store")["advice"]


# --- an engine at a URL


@pytest.mark.parametrize(
    ("engine", "problems", "said"),
    [
        (LlamaServer(), [], "reach the model as they are"),
        (LlamaServer(special=()), ["engine"], "has no tokens to fill in the middle with"),
        (LlamaServer(template="<|im_start|>user\nYou are helpful. "), ["prompts"], "a chat template is put around"),
        (LlamaServer(written=" Sure! Here is the function:"), ["prompts"], "not continued as code"),
    ],
    ids=["sound", "no-tokens", "template", "chats"],
)
def test_an_engine_at_a_url(doctor: Doctor, engine: LlamaServer, problems: list[str], said: str) -> None:
    with engine.running() as url:
        found = doctor(**SFM2_FIRST, SFM2_MODELS_SFM2_URL=url)
    # It writes the same to everything, so that it fills no hole.
    assert [name for name in found.problems if name != "hole"] == problems
    assert found.code == 1
    assert said in found.of("engine" if "engine" in problems else "prompts")["found"]


def test_an_engine_that_is_not_there(doctor: Doctor) -> None:
    found = doctor(**SFM2_FIRST, SFM2_MODELS_SFM2_URL="http://127.0.0.1:9")
    assert found.problems == ["engine"]
    assert "cannot be reached" in found.of("engine")["found"]
    assert found.of("hole")["level"] == "ok", "it is not asked"


def test_the_password_of_an_engine_is_not_shown(doctor: Doctor) -> None:
    found = doctor(**SFM2_FIRST, SFM2_MODELS_SFM2_URL="http://ada:secret@127.0.0.1:9")
    assert "models.sfm2.url: http://127.0.0.1:9: " in found.of("engine")["found"]
    assert "secret" not in str(found.findings)


def test_one_of_several_engines_is_not_there(doctor: Doctor) -> None:
    gone = "http://127.0.0.1:9"
    with LlamaServer().running() as url:
        found = doctor(**SFM2_FIRST, SFM2_MODELS_SFM2_URL=f"{gone},{url}")
    assert found.of(gone)["level"] == "warning"
    assert found.of(url)["level"] == "ok"
    assert found.problems == ["hole"], "it is asked, and writes the same to everything"


def test_none_of_several_engines_is_there(doctor: Doctor) -> None:
    urls = ["http://127.0.0.1:9", "http://127.0.0.1:10"]
    found = doctor(**SFM2_FIRST, SFM2_MODELS_SFM2_URL=",".join(urls))
    assert found.problems == urls
    assert found.of("hole")["level"] == "ok", "it is not asked"


def test_several_engines_that_run_different_weights(doctor: Doctor) -> None:
    with LlamaServer().running() as first, LlamaServer(model="another").running() as second:
        found = doctor(**SFM2_FIRST, SFM2_MODELS_SFM2_URL=f"{first},{second}")
    assert [name for name in found.problems if name != "hole"] == [second]
    assert "it runs other weights (another, not their-model)" in found.of(second)["found"]


# --- llama.cpp's server as an engine of our own


def test_a_llama_server_that_is_asked_for_and_missing(doctor: Doctor, tmp_path: Path) -> None:
    found = doctor("--quick", **SFM2_FIRST, SFM2_MODELS_SFM2_ENGINE="llama", PATH=str(tmp_path))
    assert (found.code, found.problems) == (1, ["engine", "weights"])
    assert "there is no llama-server on this machine" in found.of("engine")["found"]
    assert "models.sfm2.llama_server" in found.of("engine")["advice"]
    assert "openvino" not in found.of("versions")["found"]


def test_a_program_that_is_no_llama_server(doctor: Doctor) -> None:
    found = doctor("--quick", **SFM2_FIRST, SFM2_MODELS_SFM2_ENGINE="llama", SFM2_LLAMA_SERVER="/bin/echo")
    assert (found.code, found.problems) == (1, ["engine", "weights"])
    assert "/bin/echo is not a llama-server that runs here" in found.of("engine")["found"]


# --- the command


def test_settings_that_can_not_be_read(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text('{"api": {"prot": 8000}}')
    found = doctor("--quick", SFM2_CONFIG=str(tmp_path / "wrong.json"))
    assert (found.code, found.problems) == (1, ["settings"])
    assert "did you mean" in found.of("settings")["found"]
    assert found.of("processor")["level"] == "ok"


def test_a_variable_that_is_no_setting(doctor: Doctor) -> None:
    found = doctor("--quick", SFM2_API_PROT="8000")
    assert (found.code, found.of("settings")["level"]) == (0, "warning")
    assert "SFM2_API_PROT" in found.of("settings")["found"]


def test_what_a_person_reads(tmp_path: Path) -> None:
    fine = run(tmp_path, "--quick")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert re.search(r"\n\n(Nothing is wrong|1 warning)\.\n$", fine.stdout), "the machine may be busy"
    assert re.search(r"^ok       store +none yet at ", fine.stdout, re.MULTILINE)
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 300)
    broken = run(tmp_path, "--quick")
    assert broken.returncode == 1
    lines = broken.stdout.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.startswith("problem  store ")]
    assert lines[at + 1].strip().startswith("-> Stop the server and `sfm2 store restore`")
    assert lines[-1].startswith("1 problem")


@pytest.mark.parametrize("url", ["http://[::1", "nonsense", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_an_address_that_is_none(tmp_path: Path, url: str) -> None:
    done = run(tmp_path, "--quick", "--json", "--api-url", url)
    assert (done.returncode, done.stderr) == (1, "")
    [server] = [one for one in json.loads(done.stdout)["findings"] if one["name"] == "server"]
    assert server["level"] == "problem"
    assert "itself failed" not in server["found"]
