"""vLLM as a process of ours: how it is found, chosen and started, and what is said when it can't be."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
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
from sfm2.engines.at_url.engine import EngineAtURL
from sfm2.engines.base import AdapterFile, Engine, Phase
from sfm2.engines.choice import EngineChoice, Machine, choose
from sfm2.engines.registry import engine_for
from sfm2.engines.supervision.reports import StepLine
from sfm2.engines.vllm import adapters, executable, placement, startup
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.engines.vllm.placement import MemoryShare, VLLMDevice
from sfm2.engines.vllm.source import FolderFacts, facts_of_folder
from sfm2.engines.vllm.spec import VLLMSpec, command_line, environment
from sfm2.errors import AdapterError, ConfigError, PromptTooLongError
from sfm2.generation import GenerationRequest
from sfm2.models.adapters import AdapterStore, read_adapter
from sfm2.models.digest import sha256_of
from sfm2.models.exporting.folder import exported
from sfm2.models.weights import WeightsFile
from sfm2.testing import serve_process, until, until_async
from sfm2.types import SamplingParams
from tests.engines import tiny_adapter
from tests.engines.conftest import MakeSettings
from tests.engines.running import health_of

SPEC = VLLMSpec(
    command=("/opt/vllm", "serve", "/models/a b"),
    weights=Path("/models/a b"),
    name="a",
    context=8192,
    requests=64,
    adapters=2,
    rank=16,
    device="NVIDIA H100",
    on_cpu=False,
    share=0.25,
)
GPU = VLLMProgram(
    path=Path("/opt/vllm"), version="0.32.0", kind="cuda", device="NVIDIA H100", memory=80_000_000_000, has_command=True
)
CPU = VLLMProgram(path=Path("/opt/vllm"), version="0.32.0", kind="cpu", device="CPU", memory=0, has_command=False)
HALF_BILLION = FolderFacts(tensors=1_260_000_000, window=32_768, bytes_per_token=24 * 2 * 64 * 2 * 2)


def settings(**own: object) -> Settings:
    return load({f"models.sfm2.{key}": value for key, value in own.items()}, environment={}).settings


# The command line.


def test_the_command_line_says_everything_and_no_secret() -> None:
    assert command_line(SPEC, Path("/tmp/x/engine.sock")) == [
        *("/opt/vllm", "serve", "/models/a b", "--served-model-name", "a", "--uds", "/tmp/x/engine.sock"),
        *("--max-model-len", "8192", "--max-num-seqs", "64", "--enable-prefix-caching"),
        *("--enable-lora", "--max-lora-rank", "16", "--max-loras", "2", "--max-cpu-loras", "8"),
        *("--scheduling-policy", "priority", "--enable-server-load-tracking"),
        *("--gpu-memory-utilization", "0.2500", "--disable-uvicorn-access-log"),
    ]


def test_on_a_cpu_nothing_is_compiled_and_the_cache_has_its_bytes() -> None:
    command = command_line(SPEC.model_copy(update={"on_cpu": True, "share": None, "cache": 10**9}), Path("s"))
    assert "--enforce-eager" in command
    assert command[command.index("--kv-cache-memory-bytes") + 1] == "1000000000"
    assert "--gpu-memory-utilization" not in command


def test_the_key_is_in_the_environment_and_nothing_that_leads_to_our_own_packages() -> None:
    inherited = {"PATH": "/bin", "PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "VLLM_API_KEY": "theirs"}
    found = environment(inherited, SPEC.model_copy(update={"gpu": 1}), "ours")
    assert (found["VLLM_API_KEY"], found["CUDA_VISIBLE_DEVICES"], found["PATH"]) == ("ours", "1", "/bin")
    assert not {"PYTHONPATH", "VIRTUAL_ENV"} & set(found)
    assert (found["VLLM_NO_USAGE_STATS"], found["HF_HUB_OFFLINE"]) == ("1", "1")
    assert "CUDA_VISIBLE_DEVICES" not in environment({}, SPEC, "ours")


# Memory and devices.


def share(program: VLLMProgram, weights: FolderFacts = HALF_BILLION, **own: object) -> MemoryShare:
    return placement.memory_for(settings(**own).models.sfm2, program, weights, "m")


def test_max_memory_is_a_share_of_the_gpu_s() -> None:
    assert share(GPU, max_memory="8GB") == MemoryShare(of_gpu=0.1)
    assert share(GPU, max_memory="100GB") == MemoryShare(of_gpu=0.95)


def test_without_it_there_is_room_for_eight_windows() -> None:
    each = 8192 * HALF_BILLION.bytes_per_token
    wanted = HALF_BILLION.tensors + placement.OVERHEAD_GPU + 8 * each
    assert share(GPU).of_gpu == pytest.approx(wanted / GPU.memory)
    small = GPU.model_copy(update={"memory": 5_000_000_000})
    assert share(small).of_gpu == pytest.approx(0.9)


def test_on_a_cpu_it_is_what_the_weights_leave() -> None:
    assert share(CPU) == MemoryShare(cache=placement.DEFAULT_CACHE_CPU)
    left = 8_000_000_000 - HALF_BILLION.tensors - placement.OVERHEAD_CPU
    assert share(CPU, max_memory="8GB") == MemoryShare(cache=left)


def test_too_little_memory_says_how_much_it_takes() -> None:
    with pytest.raises(ConfigError, match=r"max_memory is 1.00 GB; m needs 4.36 GB"):
        share(GPU, max_memory="1GB")
    tiny_gpu = GPU.model_copy(update={"memory": 2_000_000_000})
    with pytest.raises(ConfigError, match=r"NVIDIA H100 has 2.00 GB; m needs 4.36 GB"):
        share(tiny_gpu)


@given(st.integers(1, 200), st.integers(5, 200))
def test_a_share_is_one_and_holds_the_weights(gigabytes: int, memory: int) -> None:
    program = GPU.model_copy(update={"memory": memory * 10**9})
    try:
        found = share(program, max_memory=f"{gigabytes}GB")
    except ConfigError:
        return
    assert 0 < (found.of_gpu or 0) <= 0.95
    assert (found.of_gpu or 0) * program.memory >= HALF_BILLION.tensors


def test_what_the_model_is_put_on() -> None:
    assert placement.device_for("cuda", GPU) == VLLMDevice("NVIDIA H100")
    assert placement.device_for("CUDA:1", GPU) == VLLMDevice("NVIDIA H100", 1)
    assert placement.device_for("auto", GPU) == placement.device_for("gpu", GPU) == VLLMDevice("NVIDIA H100")
    assert placement.device_for("auto", CPU) == placement.device_for("cpu", CPU) == VLLMDevice("CPU")
    assert "was not built for CUDA" in placement.device_for("cuda", CPU).note


@pytest.mark.parametrize(("wanted", "program"), [("gpu", CPU), ("cpu", GPU), ("npu", GPU)])
def test_another_device_than_it_was_built_for_is_an_error(wanted: str, program: VLLMProgram) -> None:
    with pytest.raises(ConfigError, match=f"runs on {program.kind} only"):
        placement.device_for(wanted, program)


def test_one_that_finds_no_gpu_is_an_error() -> None:
    with pytest.raises(ConfigError, match="finds no GPU here"):
        placement.device_for("cuda", GPU.model_copy(update={"kind": "", "memory": 0}))


# The choice.


@pytest.mark.parametrize(
    ("named", "llama", "expected"),
    [
        ({"device": "cuda"}, None, EngineChoice("vllm", "for CUDA")),
        ({"device": "cuda:0"}, Path("llama-server"), EngineChoice("vllm", "for CUDA")),
        ({}, None, EngineChoice("openvino")),
        ({"engine": "vllm"}, None, EngineChoice("vllm", "as models.sfm2.engine says")),
        ({"engine": "llama", "device": "cuda"}, None, EngineChoice("llama", "as models.sfm2.engine says")),
    ],
)
def test_cuda_takes_it_where_it_is_installed(
    named: dict[str, object], llama: Path | None, expected: EngineChoice
) -> None:
    machine = Machine("linux", "x86_64", openvino=True, llama_server=llama, vllm=Path("vllm"))
    assert choose(settings(**named).models.sfm2, machine) == expected


# The program.


def program(folder: Path, answer: str, name: str = "vllm") -> Path:
    """One whose Python is a script that answers `answer`."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "python3"
    python.write_text(f"#!{sys.executable}\n{answer}\n", encoding="utf-8")
    path = folder / name
    path.write_text(f"#!{python}\n", encoding="utf-8")
    for one in (python, path):
        one.chmod(0o755)
    return path


def says(**fields: object) -> str:
    known = {"version": "0.32.0", "kind": "cuda", "device": "H100", "memory": 80_000_000_000, "has_command": True}
    return f"print('INFO loading')\nprint({json.dumps({**known, **fields})!r})"


def test_the_setting_goes_before_the_path_and_the_path_before_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert executable.find(settings().models.sfm2) is None
    for folder in ("env", "bin", "own"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "vllm").write_text("#!/python\n", encoding="utf-8")
        (tmp_path / folder / "vllm").chmod(0o755)
        named = {"vllm": tmp_path / "own" / "vllm"} if folder == "own" else {}
        assert executable.find(settings(**named).models.sfm2) == tmp_path / folder / "vllm"


def test_one_that_says_what_it_is_is_taken(tmp_path: Path) -> None:
    path = program(tmp_path, says())
    found = executable.inspect(settings(vllm=path).models.sfm2)
    assert (found.path, found.python, found.kind, found.on_gpu) == (path, tmp_path / "python3", "cuda", True)


def test_the_environment_variable_names_it() -> None:
    assert load({}, environment={"SFM2_VLLM": "/opt/vllm"}).settings.models.sfm2.vllm == Path("/opt/vllm")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("raise ModuleNotFoundError(\"No module named 'vllm'\")", "No module named 'vllm'"),
        ("", "it does not say what it is"),
        ("print('[]')", "it does not say what it is"),
        (says(version="0.6.3"), "is vLLM 0.6.3; expected 0.11 or later"),
    ],
)
def test_another_program_or_an_old_one_is_refused(tmp_path: Path, answer: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        executable.inspect(settings(vllm=program(tmp_path, answer)).models.sfm2)


def test_one_that_does_not_start_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vllm"
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        executable.inspect(settings(vllm=path).models.sfm2)
    path.write_bytes(b"\x7fELF")
    with pytest.raises(ConfigError, match="there is no Python beside it"):
        executable.inspect(settings(vllm=path).models.sfm2)
    path.write_text("#!/nowhere/python\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="/nowhere/python can't be started"):
        executable.inspect(settings(vllm=path).models.sfm2)


# Its log.


@pytest.mark.parametrize(
    ("line", "step"),
    [
        (
            "Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:00<00:00]",
            StepLine(step="loading weights", share=0.5),
        ),
        ("(Worker pid=1) INFO [cpu_model_runner.py:68] Starting to load model /m...", StepLine(step="loading weights")),
        ("Capturing CUDA graphs:  25%|██▌  | 1/4", StepLine(step="capturing CUDA graphs", share=0.25)),
        ("WARNING [vllm.py:1703] Enforce eager set, disabling torch.compile, CUDAGraphs", None),
        ("INFO: Application startup complete.", None),
    ],
)
def test_steps_of_its_start(line: str, step: StepLine | None) -> None:
    assert startup.step_of(line) == step


def test_the_first_error_says_what_is_wrong() -> None:
    said = [
        "(EngineCore pid=9) ERROR 11-28 [core.py:1750] ValueError: No available memory for the cache blocks.",
        "RuntimeError: Engine core initialization failed. See root cause above.",
    ]
    assert startup.complaint_in(said) == "No available memory for the cache blocks."
    assert startup.complaint_in(["api_server.py: error: unrecognized arguments: --uds"]) == (
        "unrecognized arguments: --uds"
    )
    assert startup.complaint_in(["all is well"]) == ""


# Weights and adapters.


@pytest.fixture
def weights(tiny_gguf: Path) -> WeightsFile:
    return WeightsFile(tiny_gguf, sha256_of(tiny_gguf), None)


def test_what_memory_depends_on(tmp_path: Path, weights: WeightsFile) -> None:
    facts = facts_of_folder(exported(weights, tmp_path, lambda step, share: None))
    assert (facts.window, facts.bytes_per_token) == (512, 2 * 64 * 2 * 2)
    assert facts.tensors > 700_000


@given(st.lists(st.integers(1, 512), max_size=4))
def test_there_is_room_for_every_rank(ranks: list[int]) -> None:
    room = adapters.room_for(ranks)
    assert room in adapters.RANKS
    assert room >= max(ranks, default=0)


def test_an_adapter_gets_what_vllm_wants_of_it(tmp_path: Path, weights: WeightsFile) -> None:
    made = read_adapter(tiny_adapter.write(tmp_path / "made", weights.path, 1), "made")
    folder = adapters.prepared(made, weights, tmp_path / "prepared")
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    assert (config["r"], config["lora_alpha"], config["peft_type"]) == (4, 8.0, "LORA")
    assert config["target_modules"] == sorted(
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    )
    assert adapters.prepared(made, weights, tmp_path / "prepared") == folder


# In a process.


def test_without_a_program_health_says_what_to_install(
    tiny_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    health = health_of(tiny_settings(models__sfm2__engine="vllm"))
    assert health.phase is Phase.FAILED
    assert health.reason.startswith("there is no vllm on this machine. Install vLLM")


def test_one_that_dies_is_given_up_with_its_last_error(tiny_settings: MakeSettings, tmp_path: Path) -> None:
    known = says(kind="cpu", memory=0, has_command=False).replace("\n", "; ")
    script = f"""import sys
if "-c" in sys.argv:
    {known}
else:
    sys.exit("api_server.py: error: unrecognized arguments: --uds")"""
    path = program(tmp_path, script)
    health = health_of(tiny_settings(models__sfm2__engine="vllm", models__sfm2__vllm=path))
    assert health.phase is Phase.FAILED
    assert "vLLM can't run tiny: unrecognized arguments: --uds" in health.reason


@pytest.fixture(scope="module")
def real(tiny_settings: MakeSettings, vllm: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return tiny_settings(
        models__sfm2__engine="vllm",
        models__sfm2__vllm=vllm,
        models__sfm2__max_requests=2,
        storage__data_dir=tmp_path_factory.mktemp("data"),
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_its_start_is_told_and_no_other_user_reaches_it(real: Settings) -> None:
    """Its routes beside /v1 ask nobody for a key."""
    steps: list[str] = []

    async def scenario() -> None:
        engine = engine_for(real, {})
        await engine.start()
        try:
            ready = asyncio.ensure_future(engine.ready())
            while not ready.done():
                steps.append((await engine.health()).reason)
                await asyncio.sleep(0.05)
            assert (await engine.health()).phase is Phase.READY, steps[-1]
            servers = [one for one in psutil.Process().children(recursive=True) if "--uds" in one.cmdline()]
            key = servers[0].environ()["VLLM_API_KEY"]
            assert len(key) > 20
            everybody = list(psutil.Process().children(recursive=True))
            assert not any(key in " ".join(one.cmdline()) for one in everybody)
            command = servers[0].cmdline()
            folder = Path(command[command.index("--uds") + 1]).parent
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert not any(
                one.status == psutil.CONN_LISTEN and one.laddr.ip not in ("127.0.0.1", "::1")
                for server in servers
                for one in server.net_connections("tcp")
            )
            with pytest.raises(PromptTooLongError):
                _ = [chunk async for chunk in engine.generate([1] * 600, SamplingParams())]
            await _adapters_in_turn(engine, real)
        finally:
            await engine.aclose()
        assert not folder.exists()
        gone, alive = psutil.wait_procs(everybody, timeout=10)
        assert (bool(gone), alive) == (True, [])

    asyncio.run(asyncio.wait_for(scenario(), 600))
    for step in ("starting vLLM", "loading weights", "starting vLLM's engine"):
        assert any(step in one for one in steps), set(steps)
    assert not any("compiling" in one for one in steps)  # on a CPU, nothing is


async def _adapters_in_turn(engine: Engine, settings: Settings) -> None:
    """One that is added while it runs is loaded when it is asked for, without a restart."""
    store = AdapterStore(settings.storage.data_dir)
    base = settings.models.sfm2.path
    assert base is not None
    texts = set()
    for seed in (1, 2, 3):
        store.add(tiny_adapter.write(settings.storage.data_dir / "made" / f"a{seed}", base, seed))
        lora = AdapterFile.of(store.find(f"a{seed}"))
        sampling = SamplingParams(max_length=12, temperature=0)
        async with aclosing(engine.generate("def return", sampling, lora)) as chunks:
            texts.add("".join([chunk.text async for chunk in chunks]))
    assert len(texts) == 3
    assert (await engine.health()).restarts == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_workers_share_one_and_a_folder_is_taken_as_it_is(tiny_gguf: Path, vllm: Path, tmp_path: Path) -> None:
    file = WeightsFile(tiny_gguf, sha256_of(tiny_gguf), None)
    variables = {
        "SFM2_MODEL_PATH": str(exported(file, tmp_path / "elsewhere", lambda step, share: None)),
        "SFM2_MODELS_SFM2_CONTEXT": "512",
        "SFM2_MODELS_SFM2_ENGINE": "vllm",
        "SFM2_VLLM": str(vllm),
        "SFM2_STORAGE_CACHE_DIR": str(tmp_path / "cache"),
    }
    with serve_process(tmp_path, "--workers", "2", environment=variables) as running:
        until(lambda: httpx.get(f"{running.url}/health/ready").status_code == httpx.codes.OK, 240, "weights")
        body = {"prompt": "def", "max_length": 8, "temperature": 0, "guard": False}
        answers = [httpx.post(f"{running.url}/generate", json=body, timeout=60).json() for _ in range(8)]
        assert {answer["model_used"] for answer in answers} == {"sfm2"}
        assert len({answer["completion"] for answer in answers}) == 1
        servers = [
            one for one in psutil.Process(running.process.pid).children(recursive=True) if "--uds" in one.cmdline()
        ]
        assert len(servers) == 1
    assert psutil.wait_procs(servers, timeout=10)[1] == []


# One that somebody else runs.


@pytest.fixture(scope="module")
def foreign(vllm: Path, real: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a vLLM that was started by hand, with two adapters and a key."""
    work = tmp_path_factory.mktemp("foreign")
    gguf = real.models.sfm2.path
    assert gguf is not None
    file = WeightsFile(gguf, sha256_of(gguf), None)
    folder = exported(file, real.storage.cache_dir, lambda step, share: None)
    modules = []
    for seed, name in ((1, "one"), (2, "two")):
        made = read_adapter(tiny_adapter.write(work / name, gguf, seed), name)
        modules.append(f"{name}={adapters.prepared(made, file, work / 'prepared')}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = executable.inspect(real.models.sfm2)
    command = [
        *(str(found.python), "-P", "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder)),
        *("--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), "--max-model-len", "512"),
        *("--enforce-eager", "--enable-lora", "--max-loras", "2", "--kv-cache-memory-bytes", "1000000000"),
        *("--lora-modules", *modules),
    ]
    named = {**environment(dict(os.environ), SPEC, "sesame")}
    with (work / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=named, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _is_up(url) or process.poll() is not None, 240, "the server")
        assert process.poll() is None, (work / "log").read_text(encoding="utf-8")[-2000:]
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_by_url_is_recognised_and_has_its_own_adapters(tiny_settings: MakeSettings, foreign: str) -> None:
    async def texts(backend: SFM2, *names: str | None) -> list[str]:
        sampling, found = SamplingParams(max_length=12, temperature=0), []
        for name in names:
            request = GenerationRequest("def return", adapter=name, sampling=sampling)
            chunks = [chunk async for chunk in backend.stream(request)]
            assert chunks[0].adapter == (None if name == "none" else name)
            found.append("".join(chunk.text for chunk in chunks))
        return found

    async def scenario() -> None:
        backend = SFM2(tiny_settings(models__sfm2__url=foreign.replace("://", "://:sesame@")))
        await backend.start()
        try:
            assert (await backend.health()).model == "tiny"
            one, two, base = await texts(backend, "one", "two", "none")
            assert len({one, two, base}) == 3
            assert await texts(backend, "one", "none", "two", "one") == [one, base, two, one]
            with pytest.raises(AdapterError, match="the server has no 'three'; it has one, two"):
                await texts(backend, "three")
        finally:
            await backend.aclose()

    asyncio.run(asyncio.wait_for(scenario(), 300))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_by_url_says_how_much_it_has_to_do_and_leaving_frees_it(foreign: str) -> None:
    async def scenario() -> None:
        engine = EngineAtURL(foreign.replace("://", "://:sesame@"), 30)

        async def running() -> int:
            load = await engine.load()
            return -1 if load is None else load.running

        try:
            assert (await engine.health()).phase is Phase.READY
            async with aclosing(engine.generate("x", SamplingParams(max_length=400), streaming=True)) as chunks:
                await anext(chunks)
                assert await running() == 1

            async def is_idle() -> bool:
                return await running() == 0

            await until_async(is_idle, 30, "an idle engine")
        finally:
            await engine.aclose()

    asyncio.run(asyncio.wait_for(scenario(), 300))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_wrong_key_says_where_to_put_the_right_one(foreign: str) -> None:
    async def scenario() -> None:
        engine = EngineAtURL(foreign, 30)
        try:
            health = await engine.health()
            assert health.phase is Phase.FAILED
            assert "does not accept the API key" in health.reason
        finally:
            await engine.aclose()

    asyncio.run(asyncio.wait_for(scenario(), 300))
