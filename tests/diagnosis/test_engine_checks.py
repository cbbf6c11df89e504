"""Which engine runs the weights, what it takes of the machine, and several engines by URL: examples of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.config import load
from sfm2.diagnosis.finding import Finding, Level, ok
from sfm2.diagnosis.foreign_engine import ForeignEngine, check_engines
from sfm2.diagnosis.own_engine import OwnEngine, check_own_engine, runs_own_engine
from sfm2.diagnosis.weights import look_at_weights
from sfm2.engines.choice import EngineChoice, Machine, choose
from sfm2.engines.llama_server import placement
from sfm2.engines.llama_server.binary import Binary
from sfm2.engines.vllm.executable import VLLMProgram
from sfm2.errors import BackendError, BackendLoadingError, ConfigError
from sfm2.models.exporting.folder import exported
from sfm2.models.gguf import read_header
from sfm2.models.store import ModelStore
from sfm2.models.weights import resolve
from tests.engines import tiny

SERVER = Path("/usr/bin/llama-server")
MACHINE = Machine("linux", "x86_64", openvino=True, llama_server=SERVER)
BARE = replace(MACHINE, openvino=False, llama_server=None)
CPU, GPU = Binary(SERVER, (), 7215), Binary(SERVER, ("CUDA0",))
LLAMA = OwnEngine(EngineChoice("llama", "as models.sfm2.engine says"), MACHINE, program=CPU)


def openvino(machine: Machine, device: str = "auto") -> OwnEngine:
    settings = load({"models.sfm2.device": device}, environment={}).settings.models.sfm2
    return OwnEngine(choose(settings, machine), machine, device)


# --- an engine of our own


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (openvino(MACHINE), "OpenVINO (auto: as on Linux on x86_64)"),
        (
            openvino(replace(MACHINE, llama_server=None, no_cuda="there is no NVIDIA driver"), "cuda"),
            "OpenVINO (no CUDA by transformers: there is no NVIDIA driver)",
        ),
        (
            openvino(replace(MACHINE, processor="aarch64", llama_server=None)),
            "OpenVINO (Linux on aarch64 has no llama-server)",
        ),
    ],
)
def test_why_it_is_openvino(engine: OwnEngine, said: str) -> None:
    assert check_own_engine(engine, running=False) == [ok("engine", said)]


def test_with_neither_engine_both_ways_out_are_told() -> None:
    [found] = check_own_engine(openvino(BARE), running=False)
    assert (found.level, found.found) == (
        Level.PROBLEM,
        "OpenVINO (auto: there is no llama-server), which is not installed",
    )
    assert "[engine]" in found.advice
    assert "llama-server" in found.advice
    [found] = check_own_engine(openvino(BARE), running=True)
    assert found.level is Level.OK, "the server that runs has one"


def test_what_llama_cpps_program_is() -> None:
    engine, device = check_own_engine(LLAMA, running=False)
    assert engine.found == (
        "llama.cpp's server (as models.sfm2.engine says): /usr/bin/llama-server, build 7215, CPU only"
    )
    assert device == ok("device", "CPU; auto: llama.cpp finds no other device here")
    engine, device = check_own_engine(replace(LLAMA, program=GPU), running=False)
    assert engine.found.endswith("/usr/bin/llama-server, a build without a number, CUDA0")
    assert device == ok("device", "CUDA0; auto: what llama.cpp takes")


def test_a_program_that_can_not_be_used_is_a_problem_unless_a_server_runs() -> None:
    missing = replace(LLAMA, program=None, error=ConfigError("there is no llama-server", suggestion="Install it"))
    [found] = check_own_engine(missing, running=False)
    assert (found.level, found.advice) == (Level.PROBLEM, "Install it")
    assert found.found == "llama.cpp's server (as models.sfm2.engine says): there is no llama-server"
    [found] = check_own_engine(missing, running=True)
    assert found.level is Level.OK


@pytest.mark.parametrize(
    ("wanted", "program", "level", "said"),
    [
        ("cuda", GPU, Level.OK, "CUDA0; as models.sfm2.device asks"),
        ("CPU", GPU, Level.OK, "CPU; as models.sfm2.device asks"),
        ("cuda", CPU, Level.PROBLEM, 'models.sfm2.device is "cuda": /usr/bin/llama-server was not built for CUDA'),
        ("gpu", CPU, Level.PROBLEM, "finds no GPU here"),
        ("npu", GPU, Level.PROBLEM, "not 'npu'"),
    ],
)
def test_its_device_is_judged_as_the_engine_chooses(wanted: str, program: Binary, level: Level, said: str) -> None:
    _, device = check_own_engine(replace(LLAMA, device=wanted, program=program), running=False)
    assert device.level is level
    assert said in device.found
    assert bool(device.advice) is (level is Level.PROBLEM)


@pytest.mark.parametrize(
    ("wanted", "program", "on_gpu"),
    [
        ("auto", GPU, True),
        ("cuda", GPU, True),
        ("cpu", GPU, False),
        ("auto", CPU, False),
        ("cuda", CPU, False),
        ("npu", GPU, False),
        ("auto", None, False),
    ],
)
def test_whether_the_weights_go_to_a_gpu(wanted: str, program: Binary | None, on_gpu: bool) -> None:
    assert replace(LLAMA, device=wanted, program=program).on_gpu is on_gpu


def test_llama_cpp_takes_the_weights_as_they_are(tmp_path: Path) -> None:
    weights = tiny.write(tmp_path / "tiny.gguf")
    settings = load({"storage.cache_dir": tmp_path / "cache", "models.sfm2.path": weights}, environment={}).settings
    found = look_at_weights(settings, LLAMA, thorough=True)
    assert found.ready
    assert "as llama.cpp takes them" in found.findings[0].found
    size, wanted, header = weights.stat().st_size, settings.models.sfm2, read_header(weights)
    slots = placement.slots_for(wanted, header, "tiny", size)
    cache = slots * placement.window(wanted, header) * placement.bytes_per_token(header)
    assert (found.needed_disk, found.needed_memory) == (0, size + placement.OVERHEAD + cache)
    assert found.read_per_token == size
    on_gpu = look_at_weights(settings, replace(LLAMA, program=GPU), thorough=True)
    assert (on_gpu.ready, on_gpu.needed_memory, on_gpu.read_per_token) == (True, 0, None)


def test_too_little_memory_for_llama_cpp_is_a_problem(tmp_path: Path) -> None:
    weights = tiny.write(tmp_path / "tiny.gguf")
    changes = {"models.sfm2.path": weights, "models.sfm2.max_memory": "100MB"}
    found = look_at_weights(load(changes, environment={}).settings, LLAMA, thorough=False)
    assert not found.ready
    assert "max_memory" in found.findings[0].found


VLLM_ON_CPU = VLLMProgram(
    path=Path("/opt/vllm"), version="0.32.0", kind="cpu", device="CPU", memory=0, has_command=False
)
VLLM_ON_GPU = VLLM_ON_CPU.model_copy(update={"kind": "cuda", "device": "NVIDIA H100", "memory": 80_000_000_000})
VLLM = OwnEngine(EngineChoice("vllm", "for CUDA"), MACHINE, "cuda", vllm=VLLM_ON_GPU)


def test_what_vllm_is() -> None:
    assert check_own_engine(VLLM, running=False) == [
        ok("engine", "vLLM (for CUDA): /opt/vllm, version 0.32.0, NVIDIA H100 with 80 GB"),
        ok("device", "NVIDIA H100; as models.sfm2.device asks"),
    ]
    assert VLLM.on_gpu
    found = check_own_engine(replace(VLLM, vllm=VLLM_ON_CPU), running=False)[1]
    assert (found.level, found.advice) == (
        Level.PROBLEM,
        'Install a vLLM that was built for it, or set models.sfm2.device to "auto": CPU',
    )


def test_a_vllm_that_can_not_be_used_is_a_problem_and_the_weights_are_none(tmp_path: Path) -> None:
    gone = ConfigError("/opt/vllm is not a vLLM that runs here", suggestion="Install vLLM")
    engine = replace(VLLM, vllm=None, error=gone)
    [found] = check_own_engine(engine, running=False)
    assert (found.level, found.advice) == (Level.PROBLEM, "Install vLLM")
    settings = load({"models.sfm2.path": tiny.write(tmp_path / "tiny.gguf")}, environment={}).settings
    prepared = look_at_weights(settings, engine, thorough=False)
    assert (prepared.ready, [one.level for one in prepared.findings]) == (False, [Level.OK])


def test_vllm_takes_the_weights_as_a_folder(tmp_path: Path) -> None:
    named = {"models.sfm2.path": tiny.write(tmp_path / "tiny.gguf"), "storage.cache_dir": tmp_path / "cache"}
    settings = load(named, environment={}).settings
    before = look_at_weights(settings, VLLM, thorough=True)
    assert "not exported for vllm yet" in before.findings[0].found
    assert (before.ready, before.needed_disk > 0) == (False, True)
    exported(
        resolve(settings.models.sfm2, ModelStore(tmp_path / "cache")), tmp_path / "cache", lambda step, share: None
    )
    assert look_at_weights(settings, VLLM, thorough=True).ready
    on_cpu = look_at_weights(settings, replace(VLLM, vllm=VLLM_ON_CPU), thorough=True)
    assert on_cpu.needed_memory > 1_000_000_000


def test_engines_by_url_are_none_of_our_own() -> None:
    assert runs_own_engine(load({}, environment={}).settings)
    assert not runs_own_engine(load({"models.sfm2.url": "http://a:1"}, environment={}).settings)
    assert not runs_own_engine(load({"fallback.chain": ["echo"]}, environment={}).settings)


# --- several by URL

A, B, C = "http://a:1", "http://b:2", "http://c:3"
DOWN = BackendError("cannot be reached")


def engine(url: str, model: str = "m", sha256: str | None = None) -> ForeignEngine:
    return ForeignEngine(url, model, "qwen-coder", " a + b", tokens=14, read=14, sha256=sha256)


def findings(found: Mapping[str, ForeignEngine | BackendError]) -> list[Finding]:
    return [finding for one in check_engines(found) for finding in one.findings]


def levels(found: Mapping[str, ForeignEngine | BackendError]) -> list[tuple[str, str]]:
    return [(one.name, str(one.level)) for one in findings(found)]


def test_one_alone_is_the_engine() -> None:
    assert levels({A: engine(A)}) == [("engine", "ok"), ("prompts", "ok")]
    assert levels({A: DOWN}) == [("engine", "problem")]


def test_each_of_several_is_named_by_its_url() -> None:
    assert levels({A: engine(A), B: engine(B)}) == [(A, "ok"), (A, "ok"), (B, "ok"), (B, "ok")]
    assert findings({A: engine(A), B: engine(B)})[1].found == "prompts: reach the model as they are"


@pytest.mark.parametrize("error", [DOWN, BackendLoadingError("loads its weights")])
def test_one_that_is_down_matters_less_while_another_works(error: BackendError) -> None:
    assert levels({A: error, B: engine(B)}) == [(A, "warning"), (B, "ok"), (B, "ok")]
    assert [one.usable for one in check_engines({A: error, B: engine(B)})] == [False, True]
    assert levels({A: error, B: error}) == [(A, "problem"), (B, "problem")]


def test_all_must_run_the_same_weights() -> None:
    found = check_engines({A: DOWN, B: engine(B), C: engine(C, "other")})
    assert [one.usable for one in found] == [False, True, False]
    assert found[2].findings[-1].level is Level.PROBLEM
    assert found[2].findings[-1].found == (
        "it runs other weights (other, not m); all must run the same: it gets no requests"
    )
    same = {A: engine(A, "m", "0" * 64), B: engine(B, "another name", "0" * 64)}
    assert all(one.usable for one in check_engines(same)), "the digest counts, not the name"


ANSWERS = st.one_of(
    st.just(DOWN),
    st.just(BackendLoadingError("loads")),
    st.builds(engine, st.just(A), st.sampled_from(["m", "n", ""]), st.sampled_from([None, "0" * 64, "1" * 64])),
)


@given(st.dictionaries(st.sampled_from([A, B, C]), ANSWERS, min_size=1))
def test_all_is_well_only_where_something_can_be_asked(found: dict[str, ForeignEngine | BackendError]) -> None:
    reports = check_engines(found)
    assert any(one.usable for one in reports) is any(isinstance(one, ForeignEngine) for one in found.values())
    said = [finding for one in reports for finding in one.findings]
    assert all(bool(one.advice) is (one.level is not Level.OK) for one in said)


@pytest.mark.parametrize(
    ("no_cuda", "running", "level", "said"),
    [
        (None, False, Level.OK, "transformers (for CUDA, as there is no llama-server)"),
        ("the NVIDIA driver finds no GPU", False, Level.PROBLEM, '"cuda": the NVIDIA driver finds no GPU'),
        ("the NVIDIA driver finds no GPU", True, Level.OK, "transformers"),
    ],
)
def test_transformers_needs_a_gpu_where_cuda_was_asked_for(
    no_cuda: str | None, running: bool, level: Level, said: str
) -> None:
    pytest.importorskip("torch")
    here = replace(MACHINE, llama_server=None, no_cuda=no_cuda)
    choice = EngineChoice("transformers", "for CUDA, as there is no llama-server")
    [found] = check_own_engine(OwnEngine(choice, here, "cuda"), running)
    assert found.level is level
    assert said in found.found
