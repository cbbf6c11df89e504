"""Weights of ours as a Hugging Face folder: the same numbers, the same tokens; whole or not at all."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sfm2.cli.commands.models import models
from sfm2.errors import WeightsError
from sfm2.models.digest import sha256_of
from sfm2.models.exporting import bf16
from sfm2.models.exporting.folder import TENSORS, export_to, exported
from sfm2.models.facts import ModelFacts
from sfm2.models.weights import WeightsFile
from tests.engines import tiny

FILES = [
    "config.json",
    "generation_config.json",
    TENSORS,
    "sfm2.json",
    "tokenizer.json",
    "tokenizer_config.json",
]
TEXT = "def return    é🙂e\u0301\n\n  x = [1, 22] # it's <|im_end|>done<|endoftext|>"


def quietly(step: str, share: float | None) -> None: ...


def weights_file(path: Path) -> WeightsFile:
    return WeightsFile(path, sha256_of(path), None)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> WeightsFile:
    return weights_file(tiny.write(tmp_path_factory.mktemp("export") / "tiny.gguf"))


@pytest.fixture(scope="module")
def folder(source: WeightsFile) -> Path:
    return exported(source, source.path.parent / "cache", quietly)


def test_it_is_made_once(source: WeightsFile, folder: Path) -> None:
    steps: list[str] = []
    assert exported(source, source.path.parent / "cache", lambda step, share: steps.append(step)) == folder
    assert steps == []
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert source.sha256[:16] in folder.name
    assert ModelFacts.read(folder).context_length == 512


@pytest.mark.hf
def test_transformers_loads_the_model_that_training_loads(source: WeightsFile, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from sfm2.finetune.base import load

    theirs = AutoModelForCausalLM.from_pretrained(folder)
    ours = load(source, torch.bfloat16)
    assert theirs.dtype == torch.bfloat16
    assert theirs.lm_head.weight.data_ptr() != theirs.model.embed_tokens.weight.data_ptr()
    ids = torch.arange(40)[None]
    with torch.no_grad():
        assert torch.equal(theirs(ids).logits, ours(ids).logits)
    assert theirs.generation_config.eos_token_id == list(ModelFacts.read(folder).stop_token_ids)


@pytest.mark.hf
def test_its_tokenizer_cuts_as_that_of_the_weights(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer.encode(TEXT)
    assert ids[-1] == tokenizer.convert_tokens_to_ids("<|endoftext|>")
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") in ids
    assert tokenizer.decode(ids) == TEXT.replace("e\u0301", "é")
    said = [{"role": "user", "content": "one "}, {"role": "assistant", "content": "two"}]
    assert tokenizer.apply_chat_template(said, tokenize=False) == "one two"


@pytest.mark.engine
@pytest.mark.hf
def test_the_default_weights_have_the_tokens_that_the_engine_gives() -> None:
    from transformers import AutoTokenizer

    from sfm2.config import load
    from sfm2.engines.openvino import placement
    from sfm2.engines.openvino.conversion import is_converted
    from sfm2.engines.openvino.presets import preset
    from sfm2.engines.openvino.vocabulary import OpenVINOVocabulary
    from sfm2.models.store import ModelStore
    from sfm2.models.weights import resolve

    settings = load({}).settings
    weights = resolve(settings.models.sfm2, ModelStore(settings.storage.cache_dir))
    converted = placement.folder_for(settings, weights.sha256, preset())
    if not is_converted(converted):
        pytest.skip("the engine has not converted the default weights yet")
    engine = OpenVINOVocabulary(converted)
    tokenizer = AutoTokenizer.from_pretrained(exported(weights, settings.storage.cache_dir, quietly))
    sources = [Path(__file__).read_text(encoding="utf-8"), TEXT.replace("e\u0301", ""), "<|fim_prefix|>a<tool_call>"]
    for text in (
        *sources,
        *(path.read_text(encoding="utf-8") for path in sorted(Path("tests/samples").glob("*"))[:20]),
    ):
        assert tokenizer.encode(text) == engine.encode(text)


@given(arrays(np.float32, 50, elements=st.floats(-(2.0**99), 2.0**99, width=32, allow_subnormal=False)))
def test_numbers_are_rounded_to_the_nearest(values: np.ndarray) -> None:
    back = (bf16.rounded(values).astype(np.uint32) << 16).view(np.float32)
    assert np.all(np.abs(back - values) <= np.abs(values) * 2.0**-8 + 1e-39)
    assert np.array_equal(bf16.rounded(back), bf16.rounded(values))


def test_another_architecture_is_refused_with_a_way_out(tmp_path: Path) -> None:
    other = weights_file(tiny.write(tmp_path / "other.gguf", architecture="mamba"))
    with pytest.raises(WeightsError, match="mamba") as caught:
        export_to(other, tmp_path / "made")
    assert "models.sfm2.path" in caught.value.suggestion
    assert not (tmp_path / "made").exists()


def test_truncated_weights_leave_nothing(tmp_path: Path) -> None:
    cut = weights_file(tiny.write(tmp_path / "cut.gguf"))
    with cut.path.open("r+b") as file:
        file.truncate(cut.path.stat().st_size - 1000)
    with pytest.raises(WeightsError, match="truncated"):
        export_to(cut, tmp_path / "made")
    assert [path.name for path in tmp_path.iterdir()] == ["cut.gguf"]


SCRIPT = """
import sys
from pathlib import Path
from sfm2.models.exporting.folder import exported
from sfm2.models.weights import WeightsFile
def slowly(step, share):
    print(step, flush=True)
    sys.stdin.readline()
exported(WeightsFile(Path(sys.argv[1]), "ab" * 32, None), Path(sys.argv[2]), slowly)
"""


def test_a_kill_in_the_middle_leaves_nothing_that_looks_whole(source: WeightsFile, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(source.path), str(tmp_path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert not list((tmp_path / "engines").glob("*-f1/*"))
    again = WeightsFile(source.path, "ab" * 32, None)
    assert sorted(path.name for path in exported(again, tmp_path, quietly).iterdir()) == FILES
    assert not list((tmp_path / "engines").glob(".*"))


def test_a_full_disk_is_said_and_leaves_nothing(source: WeightsFile, tmp_path: Path) -> None:
    def no_file_over_100_kilobytes() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = [sys.executable, "-c", SCRIPT, str(source.path), str(tmp_path)]
    done = subprocess.run(
        command, input="\n" * 100, capture_output=True, text=True, preexec_fn=no_file_over_100_kilobytes, check=False
    )
    assert "cannot export tiny to" in done.stderr
    assert "File too large" in done.stderr
    assert [path.suffix for path in (tmp_path / "engines").iterdir()] == [".lock"]


def test_the_second_of_two_at_once_is_refused_and_the_first_is_whole(source: WeightsFile, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        second: list[Future[Path]] = []

        def first_step(phase: str, done: int, total: int) -> None:
            if not second:
                second.append(pool.submit(export_to, source, tmp_path / "own"))

        made = export_to(source, tmp_path / "own", first_step)
        with pytest.raises(WeightsError, match="is not an empty folder"):
            second[0].result()
    assert sorted(path.name for path in made.iterdir()) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_a_link_stays_one_and_the_folder_that_one_is_in_stays(
    source: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "link").symlink_to("large")
    export_to(source, tmp_path / "link")
    assert sorted(path.name for path in (tmp_path / "large").iterdir()) == FILES
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(WeightsError, match="is in use"):
        export_to(source, Path())


def test_the_command_prints_the_folder(source: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFM2_MODEL_PATH", str(source.path))
    monkeypatch.setenv("SFM2_STORAGE_CACHE_DIR", str(tmp_path / "cache"))

    def run(*arguments: str) -> Path:
        found = CliRunner().invoke(models, ["export", "--to", "hf", *arguments], catch_exceptions=False)
        return Path(found.stdout.strip())

    cached, own = run(), run("--output", str(tmp_path / "own"))
    assert cached.parent == tmp_path / "cache" / "engines"
    assert own == tmp_path / "own"
    for name in FILES:
        assert (cached / name).read_bytes() == (own / name).read_bytes()
    assert json.loads((own / "config.json").read_text())["tie_word_embeddings"] is False
    with pytest.raises(WeightsError, match="not an empty folder"):
        run("--output", str(own))
    shutil.rmtree(own)
    own.mkdir()
    assert run("--output", str(own)) == own
