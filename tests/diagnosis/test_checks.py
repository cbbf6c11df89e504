"""Each check by examples: facts go in, a finding comes out."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.diagnosis import asking, devices, folders, memory, packages, processor, proxies, speed
from sfm2.diagnosis.examination import _guarded
from sfm2.diagnosis.finding import Finding, Level, as_json, healthy, ok, problem, warning
from sfm2.diagnosis.foreign_engine import CODE, ForeignEngine, check_engine, continues_code
from sfm2.diagnosis.service import FoundService, Listener, check_service
from sfm2.errors import AuthenticationError, ModelUnavailableError
from sfm2.types import Attempt, Completion

XEON = """processor\t: 0
model name\t: Intel(R) Xeon(R) Gold
flags\t\t: fpu sse4_2 avx2 avx512f avx512_vnni amx_tile
"""
CPU = processor.Processor("Xeon", "x86_64", 8, frozenset({"avx2", "avx512f"}))


def test_a_report_is_healthy_unless_something_is_a_problem() -> None:
    fine, late, wrong = ok("a", "x"), warning("b", "y", "do"), problem("c", "z", "do it")
    assert healthy([fine, late])
    assert not healthy([fine, late, wrong])
    assert as_json([wrong]) == {
        "healthy": False,
        "findings": [{"name": "c", "level": "problem", "found": "z", "advice": "do it", "numbers": {}}],
    }


def test_a_check_that_fails_is_a_finding() -> None:
    def broken() -> list[Finding]:
        raise ZeroDivisionError("by nothing")

    [found] = _guarded("store", broken)
    assert (found.name, found.level) == ("store", Level.PROBLEM)
    assert "ZeroDivisionError: by nothing" in found.found


# --- the machine


def test_the_processor_is_read_off_linux() -> None:
    name, flags = processor.linux_processor(XEON)
    assert name == "Intel(R) Xeon(R) Gold"
    assert {"avx2", "amx_tile"} <= flags


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    processor.linux_processor(text)
    memory.linux_available(text)
    continues_code(text)


def test_this_machine_has_a_processor() -> None:
    found = processor.read_processor()
    assert found.name
    assert found.cores >= 1


def test_without_avx2_the_engine_does_not_run() -> None:
    old = processor.check_processor(replace(CPU, flags=frozenset({"sse4_2"})))
    assert old.level is Level.PROBLEM
    assert "models.sfm2.engine" in old.advice
    assert processor.check_processor(replace(CPU, flags=frozenset({"sse4_2"})), openvino=False).level is Level.OK
    assert processor.check_processor(CPU) == ok("processor", "Xeon, 8 cores; AVX2, AVX-512")
    unknown = replace(CPU, flags=frozenset())
    assert processor.check_processor(unknown).level is Level.OK, "what can't be read is no fault"
    assert processor.check_processor(replace(unknown, architecture="arm64")).level is Level.OK
    assert processor.check_processor(replace(CPU, cores=1)).level is Level.WARNING


def test_a_machine_that_is_busy_is_slow() -> None:
    assert processor.check_load(0.4, 2) == ok("load", "0.4 cores were wanted in the last minute, 2 are there")
    assert processor.check_load(7.2, 2).level is Level.WARNING


def test_memory_must_hold_the_engine() -> None:
    assert memory.linux_available("MemTotal: 9 kB\nMemAvailable:   1000000 kB\n") == 1_024_000_000
    assert memory.check_memory(4_000_000_000, 1_500_000_000) == ok("memory", "4.0 GB are free")
    little = memory.check_memory(1_000_000_000, 1_500_000_000)
    assert (little.level, little.found) == (Level.WARNING, "1.0 GB are free; the engine takes up to 1.5 GB")
    assert memory.check_memory(None, 10**12).level is Level.OK
    assert memory.check_memory(1, 0).level is Level.OK, "the engine runs already"


def test_folders_that_can_be_written_are_one_line(tmp_path: Path) -> None:
    here = folders.look_at("storage.cache_dir", tmp_path / "not" / "made" / "yet")
    assert here.error == ""
    assert list(tmp_path.iterdir()) == [], "nothing is left there"
    [found] = folders.check_folders([replace(here, free=10**10)])
    assert found.level is Level.OK
    assert "10.0 GB are free" in found.found


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = folders.look_at("storage.data_dir", tmp_path / "file" / "below")
    assert broken.error == "Not a directory"
    [found] = folders.check_folders([broken])
    assert found.level is Level.PROBLEM
    assert "set storage.data_dir" in found.advice


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    """A limit of the process stands for it: the file can be made, and not be filled."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
    try:
        full = folders.look_at("storage.cache_dir", tmp_path, needed=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert full.error == "File too large"
    assert folders.check_folders([full])[0].level is Level.PROBLEM


@pytest.mark.parametrize(
    ("folder", "level", "said"),
    [
        (folders.Folder("storage.cache_dir", Path("/c"), 10**9, "", 3 * 10**9), Level.PROBLEM, "need about 3.0 GB"),
        (folders.Folder("storage.cache_dir", Path("/c"), 10**7), Level.WARNING, "10 MB free"),
        (folders.Folder("storage.cache_dir", Path("/c"), 10**9, "Read-only"), Level.WARNING, "Read-only"),
        (folders.Folder("storage.cache_dir", Path("/c"), 10**9, "Read-only", 1), Level.PROBLEM, "Read-only"),
    ],
    ids=["too-small", "nearly-full", "weights-are-there", "weights-are-not"],
)
def test_how_bad_a_folder_is(folder: folders.Folder, level: Level, said: str) -> None:
    [found] = folders.check_folders([folder])
    assert found.level is level
    assert said in found.found


def test_openvinos_packages_must_be_of_one_release() -> None:
    good = {"openvino": "2026.4.1", "openvino-genai": "2026.4.1.0", "openvino-tokenizers": "2026.4.0.0", "numpy": "2.4"}
    assert packages.check_packages(good, engine_needed=True).level is Level.OK
    mixed = packages.check_packages({**good, "openvino": "2026.3.0"}, engine_needed=True)
    assert mixed.level is Level.PROBLEM
    assert "different releases" in mixed.found


def test_a_missing_package_matters_where_the_engine_is_wanted() -> None:
    none = dict.fromkeys(packages.ENGINE)
    missing = packages.check_packages(none, engine_needed=True)
    assert missing.level is Level.PROBLEM
    assert "[engine]" in missing.advice
    assert packages.check_packages(none, engine_needed=False).level is Level.OK


@pytest.mark.parametrize(
    ("wanted", "present", "level", "said"),
    [
        ("auto", {"CPU": "Xeon"}, Level.OK, "CPU (Xeon); auto: OpenVINO has no other device here"),
        ("auto", {"CPU": "Xeon", "GPU.0": "Arc"}, Level.OK, "chooses another: GPU.0"),
        ("gpu", {"CPU": "Xeon", "GPU.0": "Arc"}, Level.OK, "GPU (Arc); as models.sfm2.device asks"),
        ("gpu", {"CPU": "Xeon"}, Level.PROBLEM, "no GPU that OpenVINO can use"),
        ("cuda", {"CPU": "Xeon"}, Level.PROBLEM, "OpenVINO has no CUDA"),
        ("tpu", {"CPU": "Xeon"}, Level.PROBLEM, "'tpu'"),
    ],
)
def test_the_device_is_judged_as_the_engine_chooses(
    wanted: str, present: dict[str, str], level: Level, said: str
) -> None:
    found = devices.check_device(wanted, present)
    assert found.level is level
    assert said in found.found


def test_an_nvidia_card_is_used_by_another_server() -> None:
    assert devices.check_nvidia([], used=False) == []
    [idle] = devices.check_nvidia(["NVIDIA L4 (driver 550.1, 23034 MiB)"], used=False)
    assert "models.sfm2.device" in idle.found
    [used] = devices.check_nvidia(["NVIDIA L4"], used=True)
    assert used.found == "NVIDIA L4"


def test_a_driver_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(devices.DeviceError, match="version mismatch") as caught:
        devices.nvidia_devices()
    assert "restart" in devices.broken_driver(caught.value).advice
    program.write_text("#!/bin/sh\necho 'NVIDIA L4, 550.54.15, 23034 MiB'\n")
    assert devices.nvidia_devices() == ["NVIDIA L4 (driver 550.54.15, 23034 MiB)"]


def test_speed_is_told_as_tokens() -> None:
    measured = speed.Speed(20e9, 1e11, 4)
    numbers = {"memory_bytes_per_second": 20e9, "matrix_operations_per_second": 1e11}
    told = "memory 20.0 GB/s (copy, 4 threads), matrices 100 GFLOP/s (float32)"
    assert speed.check_speed(measured, 500_000_000) == ok("speed", f"{told}; memory allows about 40 tokens/s", numbers)
    assert speed.check_speed(measured, None) == ok("speed", told, numbers)
    assert speed.check_speed(measured, 10_000_000_000).level is Level.WARNING
    assert speed.check_speed(None, 1).found == "not measured: numpy is not installed"


def test_this_machine_has_a_speed() -> None:
    found = speed.measure_speed()
    assert found is not None
    assert found.bandwidth > 1e8
    assert found.matrices > 1e8


# --- proxies

PROXY = {"HTTP_PROXY": "http://proxy.example:3128"}
SERVER = {"the server": "http://127.0.0.1:8000"}


@pytest.mark.parametrize(
    "no_proxy", ["127.0.0.1", "localhost, 127.0.0.1", "*", "127.0.0.0/8", "example.com,127.0.0.1,::1"]
)
def test_a_proxy_with_an_exception_is_none_of_our_business(no_proxy: str) -> None:
    assert proxies.proxy_for("http://127.0.0.1:8000", {**PROXY, "NO_PROXY": no_proxy}) is None


@pytest.mark.parametrize("no_proxy", ["", "localhost", "example.com", "10.0.0.0/8", ".0.0.1.example"])
def test_a_proxy_without_an_exception_catches_loopback(no_proxy: str) -> None:
    assert proxies.proxy_for("http://127.0.0.1:8000", {**PROXY, "no_proxy": no_proxy}) == "HTTP_PROXY"


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("https://127.0.0.1", None),
        ("http://sub.example.com", None),
        ("http://example.com", None),
        ("http://myexample.com", "HTTP_PROXY"),
        ("http://[::1]:8000", "HTTP_PROXY"),
        ("http://[::1", "HTTP_PROXY"),
    ],
)
def test_which_variable_is_used_for_an_address(url: str, variable: str | None) -> None:
    assert proxies.proxy_for(url, {**PROXY, "NO_PROXY": ".example.com"}) == variable


@given(st.text(), st.text())
def test_no_text_of_a_variable_is_an_error(url: str, exceptions: str) -> None:
    proxies.proxy_for(url, {**PROXY, "NO_PROXY": exceptions})


def test_how_bad_a_proxy_is() -> None:
    assert proxies.check_proxies(SERVER, {}, None)[0].level is Level.OK
    assert proxies.check_proxies({"x": "http://far.example"}, PROXY, None)[0].level is Level.OK
    [maybe] = proxies.check_proxies(SERVER, PROXY, None)
    assert (maybe.level, maybe.advice) == (Level.WARNING, "Set NO_PROXY=localhost,127.0.0.1,::1")
    [works] = proxies.check_proxies(SERVER, PROXY, True)
    assert works.level is Level.WARNING
    [broken] = proxies.check_proxies(SERVER, PROXY, False)
    assert broken.level is Level.PROBLEM
    assert "HTTP_PROXY also catches the server" in broken.found


# --- what answers

URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("service", "named", "level", "said"),
    [
        (FoundService(URL, Listener.NOBODY), False, Level.OK, "`sfm2 serve` starts one"),
        (FoundService(URL, Listener.NOBODY, said="refused"), True, Level.PROBLEM, "nothing answers"),
        (FoundService(URL, Listener.OTHER, said="nginx"), False, Level.PROBLEM, "another program than SFM-2"),
        (FoundService(URL, Listener.SILENT), False, Level.PROBLEM, "does not answer within 2 s"),
        (FoundService(URL, Listener.UNTRUSTED, said="self-signed"), True, Level.PROBLEM, "is not trusted"),
    ],
)
def test_who_listens(service: FoundService, named: bool, level: Level, said: str) -> None:
    [found] = check_service(service, named)
    assert found.level is level
    assert said in found.found


def completion(text: str, *, failed: str = "") -> Completion:
    attempts = [Attempt(backend="sfm2", reason="failed", message=failed)] if failed else []
    return Completion(
        generated_code=text,
        completion=text,
        model_used="echo" if failed else "sfm2",
        confidence=0.5,
        processing_time=0.1,
        finish_reason="stop",
        fallback=attempts,
    )


@pytest.mark.parametrize("text", ["total_x = 2 * (width + height)", "a = 1\n    total_x: int = a", "total_x=1"])
def test_a_hole_is_filled_by_who_sees_its_suffix(text: str) -> None:
    assert [one.level for one in asking.check_hole(completion(text), "total_x")] == [Level.OK]


@pytest.mark.parametrize("text", ["return 2 * (width + height)", "", "total_xy = 1", "if total_x == 1: pass"])
def test_a_hole_is_not_filled_by_who_does_not(text: str) -> None:
    [found] = asking.check_hole(completion(text), "total_x")
    assert found.level is Level.PROBLEM
    assert "'total_x' had to be assigned" in found.found


def test_an_answer_of_another_backend_is_told() -> None:
    hole, fallback = asking.check_hole(completion("total_x = 1", failed="the engine died"), "total_x")
    assert (hole.level, fallback.level) == (Level.OK, Level.PROBLEM)
    assert "echo answers in the place of others: sfm2: the engine died" in fallback.found


def test_latency_is_judged_by_the_line() -> None:
    fast = asking.check_latency(asking.FirstLine(0.0423, 0.2))
    assert (fast.level, fast.found) == (Level.OK, "first token after 42 ms, first line after 200 ms")
    assert fast.numbers == {"first_token_seconds": 0.0423, "first_line_seconds": 0.2}
    assert asking.check_latency(asking.FirstLine(None, 5.0)).level is Level.WARNING


def test_without_a_key_nothing_is_said_of_the_model() -> None:
    assert asking.refused(AuthenticationError("no key")).level is Level.WARNING
    assert asking.refused(ModelUnavailableError("no model")).level is Level.PROBLEM


ENGINE = ForeignEngine(URL, "m", "qwen-coder", " a + b", tokens=14, read=14)


@pytest.mark.parametrize("text", [" a + b", " a + b\n\n\ndef sub(a, b):", " sum([a, b])", " (a + b)  # sum"])
def test_code_is_told_from_prose(text: str) -> None:
    assert continues_code(text)


@pytest.mark.parametrize(
    "text", ["", "\n", " Sure! Here is", "```python\nreturn a + b", " the sum of a and b", " x + y"]
)
def test_prose_is_told_from_code(text: str) -> None:
    assert not continues_code(text)


def test_an_engine_is_judged_by_tokens_and_answer() -> None:
    assert [one.level for one in check_engine(ENGINE)] == [Level.OK, Level.OK]
    assert [one.level for one in check_engine(replace(ENGINE, read=None))] == [Level.OK, Level.OK]
    assert [one.level for one in check_engine(replace(ENGINE, read=15))] == [Level.OK, Level.OK], "a token to begin"
    no_tokens, _ = check_engine(replace(ENGINE, family=None))
    assert no_tokens.level is Level.PROBLEM
    assert "qwen-coder" in no_tokens.advice
    _, template = check_engine(replace(ENGINE, read=37))
    assert "the engine read 37 tokens where 14 were sent" in template.found
    _, chat = check_engine(replace(ENGINE, written="Sure, here is a function"))
    assert chat.level is Level.PROBLEM
    assert repr(CODE) in chat.found
