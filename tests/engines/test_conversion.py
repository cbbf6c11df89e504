"""From a GGUF to what OpenVINO runs: once, whole or not at all."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import openvino
import pytest

from sfm2.engines.openvino import conversion
from sfm2.engines.openvino.conversion import MODEL, convert, is_converted
from sfm2.engines.openvino.presets import preset
from sfm2.errors import WeightsError
from sfm2.models.facts import ModelFacts
from sfm2.models.gguf import read_header
from tests.engines import tiny

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "sfm2.engines.openvino.convert"]


def quietly(step: str, share: float) -> None: ...


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conversion")
    home = folder / "home"
    home.mkdir()
    source = tiny.write(folder / "tiny.gguf")
    subprocess.run(
        [*COMMAND, str(source), str(folder / "made"), "int4"], env={**os.environ, "HOME": str(home)}, check=True
    )
    assert list(home.iterdir()) == [], "libraries leave nothing in the home directory, and report nothing"
    return folder / "made"


def test_makes_a_model_and_its_facts(converted: Path) -> None:
    assert is_converted(converted)
    facts = ModelFacts.read(converted)
    assert (facts.layers, facts.kv_heads, facts.head_size, facts.context_length) == (2, 1, 64, 512)
    assert len(facts.stop_token_ids) == len(tiny.CONTROL)
    assert facts.kv_bytes_per_token(16) == 2 * 2 * 1 * 64 * 2
    assert facts.kv_bytes_per_token(8) == 2 * 2 * 1 * (64 + 8)


def test_leaves_nothing_else(converted: Path) -> None:
    assert not converted.with_name(".made.partial").exists()
    assert not any(path.suffix == ".gguf" for path in converted.iterdir())
    assert not list(converted.glob("full*"))


def test_matrix_multiplications_carry_their_weights_names(converted: Path) -> None:
    model = openvino.Core().read_model(converted / MODEL)
    names = {node.get_friendly_name() for node in model.get_ops() if node.get_type_name() == "MatMul"}
    assert "__module.model.layers.0.self_attn.q_proj/ov_ext::linear/MatMul" in names
    assert "__module.model.layers.1.mlp.down_proj/ov_ext::linear/MatMul" in names


def test_a_second_conversion_finds_the_first(converted: Path) -> None:
    steps: list[str] = []
    convert(converted.with_name("tiny.gguf"), converted, preset(), lambda step, share: steps.append(step))
    assert steps == []


def test_another_architecture_is_refused_with_a_way_out(tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "other.gguf", architecture="mamba")
    with pytest.raises(WeightsError, match="mamba") as caught:
        convert(source, tmp_path / "made", preset(), quietly)
    assert "models.sfm2.engine" in caught.value.suggestion


def test_truncated_weights_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "cut.gguf")
    with source.open("r+b") as file:
        file.truncate(source.stat().st_size - 1000)
    with pytest.raises(WeightsError, match="truncated"):
        convert(source, tmp_path / "made", preset(), quietly)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cut.gguf", "made.lock"]


def overwrite(source: Path, name: str, what: bytes) -> None:
    """The data of the tensor `name`, from its beginning."""
    (tensor,) = [tensor for tensor in read_header(source).tensors if tensor.name == name]
    with source.open("r+b") as file:
        file.seek(tensor.offset)
        file.write(what)


@pytest.mark.parametrize(
    ("what", "said"),
    [(random.Random(1).randbytes(34 * 40), "no numbers"), (bytes(34 * 128 * 128 // 32), "all zeros")],
    ids=["overwritten", "never fetched"],
)
def test_damaged_tensors_are_found_by_name(tmp_path: Path, what: bytes, said: str) -> None:
    source = tiny.write(tmp_path / "damaged.gguf")
    overwrite(source, "blk.1.attn_q.weight", what)
    with pytest.raises(WeightsError, match=rf"damaged: blk\.1\.attn_q\.weight .*{said}"):
        convert(source, tmp_path / "made", preset(), quietly)
    assert not is_converted(tmp_path / "made")


def test_a_folder_that_can_t_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "tiny.gguf")
    with pytest.raises(WeightsError, match=r"cannot convert tiny\.gguf in .*: Not a directory"):
        convert(source, source / "cache" / "engines" / "made", preset(), quietly)
    with pytest.raises(WeightsError, match=r"cannot convert tiny\.gguf in .*: File exists"):
        convert(source, source / "made", preset(), quietly)


def test_a_full_disk_leaves_nothing_half_made(tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "tiny.gguf")

    def no_file_over_100_kilobytes() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    ended = subprocess.run(
        [*COMMAND, str(source), str(tmp_path / "made"), "int4"],
        preexec_fn=no_file_over_100_kilobytes,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "Free some disk space" in ended.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.lock", "tiny.gguf"]


def test_too_little_disk_is_said_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tiny.write(tmp_path / "tiny.gguf")
    monkeypatch.setattr(conversion, "BYTES_PER_PARAMETER", 10**12)
    with pytest.raises(WeightsError, match=r"needs [\d,]+ bytes of disk .* has [\d,]+ free"):
        convert(source, tmp_path / "made", preset(), quietly)


def test_a_killed_conversion_starts_over(tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "tiny.gguf")
    command = [*COMMAND, str(source), str(tmp_path / "made"), "int4"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()  # it is in the middle
    child.kill()
    child.wait()
    child.stdout.close()
    assert not is_converted(tmp_path / "made")
    assert (tmp_path / ".made.partial").exists()

    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert is_converted(tmp_path / "made")
    assert not (tmp_path / ".made.partial").exists()


def test_two_at_once_make_one(tmp_path: Path) -> None:
    source = tiny.write(tmp_path / "tiny.gguf")
    command = [*COMMAND, str(source), str(tmp_path / "made"), "int4"]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0]
    assert is_converted(tmp_path / "made")
    assert sorted(bool(text) for text in said) == [False, True], "one converted, the other found it done"
