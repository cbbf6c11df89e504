"""The engine on PyTorch: which device, how much memory, how tokens are drawn. What every engine does: test_every_engine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from safetensors.torch import load_file

from sfm2.engines.base import AdapterFile
from sfm2.engines.transformers import cuda
from sfm2.engines.transformers.adapters import with_adapter
from sfm2.engines.transformers.drawing import Draw, Drawing
from sfm2.engines.transformers.placement import BATCH, OVERHEAD, PAGE, TorchDevice, blocks, device_for
from sfm2.engines.transformers.spec import TransformersSpec
from sfm2.errors import ConfigError
from sfm2.models.adapters import AdapterStore
from sfm2.models.digest import sha256_of
from sfm2.models.exporting.folder import export_to
from sfm2.models.facts import ModelFacts
from sfm2.models.weights import WeightsFile
from sfm2.types import SamplingParams
from tests.engines import tiny, tiny_adapter

pytestmark = pytest.mark.hf

FACTS = ModelFacts("m", "qwen2", 32768, layers=24, kv_heads=2, head_size=64, stop_token_ids=(1,), chat_template=None)
WEIGHTS = 1_000_000_000
TOKEN = 24 * 2 * 2 * 64 * 2 + BATCH * 2  # keys and values in bfloat16, and attention's mask


def spec(**fields: object) -> TransformersSpec:
    defaults = {
        "folder": Path("/model"),
        "name": "m",
        "weights": "ab" * 32,
        "device": "cuda",
        "max_memory": None,
        "context": 8192,
        "max_requests": 64,
        "prompt_form": None,
        "max_pipelines": 2,
    }
    return TransformersSpec(**{**defaults, **fields})


def gpu(free: int) -> TorchDevice:
    return TorchDevice(torch.device("cuda", 0), "a GPU", free)


def test_without_a_limit_the_cache_has_its_default() -> None:
    assert blocks(spec(), FACTS, WEIGHTS, gpu(80 * 10**9)) == (65_536 + BATCH) // PAGE


def test_max_memory_is_for_weights_and_cache_together() -> None:
    pages = blocks(spec(max_memory=8 * 10**9), FACTS, WEIGHTS, gpu(80 * 10**9))
    used = WEIGHTS + OVERHEAD + 2 * pages * PAGE * TOKEN
    assert 8 * 10**9 - 2 * PAGE * TOKEN < used < 8 * 10**9 + 2 * PAGE * TOKEN


def test_more_than_all_requests_need_is_not_taken() -> None:
    pages = blocks(spec(max_memory=80 * 10**9, max_requests=4), FACTS, WEIGHTS, gpu(140 * 10**9))
    assert pages == 4 * 8192 // PAGE


def test_what_others_use_of_the_gpu_is_not_taken() -> None:
    pages = blocks(spec(max_memory=80 * 10**9), FACTS, WEIGHTS, gpu(4 * 10**9))
    assert WEIGHTS + OVERHEAD + 2 * pages * PAGE * TOKEN < 4 * 10**9


def test_too_little_memory_says_how_much_is_needed_and_there() -> None:
    with pytest.raises(ConfigError, match=r"needs 2\.4 GB, there are 1\.2 free on a GPU"):
        blocks(spec(), FACTS, WEIGHTS, gpu(1_200_000_000))
    with pytest.raises(ConfigError, match=r"max_memory is 2\.00 GB; m with a window .* needs 2\.4 GB") as caught:
        blocks(spec(max_memory=2 * 10**9), FACTS, WEIGHTS, gpu(80 * 10**9))
    assert '"2.5GB"' in caught.value.suggestion


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_said_with_a_reason() -> None:
    with pytest.raises(ConfigError, match="PyTorch can't use it: "):
        device_for("cuda")
    assert device_for("auto").name == device_for("cpu").name == "CPU"
    assert cuda.why_not()


@pytest.mark.parametrize("wanted", ["npu", "cuda:x", "gpu"])
def test_an_unknown_device_is_refused(wanted: str) -> None:
    with pytest.raises(ConfigError, match='one of "auto", "cpu", "cuda" or "cuda:0"'):
        device_for(wanted)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("cuda: Optional[str] = '13.0'\n", ("13", "0")),
        ("x = 1\ncuda: str | None = '12.8'\nhip = None\n", ("12", "8")),
        ("cuda: Optional[str] = None\n", None),
    ],
)
def test_what_pytorch_was_built_for_is_read_without_loading_it(said: str, version: tuple[str, str] | None) -> None:
    match = cuda._BUILD.search(said)
    assert (match and match.groups()) == version


def request(number: int, sampling: SamplingParams, before: list[int] | None = None) -> SimpleNamespace:
    """As transformers tells of one."""
    draw = {"draw": Draw(sampling, torch.device("cpu"))}
    state = SimpleNamespace(
        request_id=str(number), initial_tokens=before or [0], generated_tokens=[], logit_processor_kwargs=draw
    )
    return SimpleNamespace(state=state)


def drawn(logits: torch.Tensor, *requests: SimpleNamespace) -> list[tuple[int, float]]:
    drawing = Drawing(8, logits.shape[1], logits.device)
    drawing.prepare_tensor_args(list(requests))
    drawing(logits, torch.zeros(8))
    return list(drawing.finish(logits.argmax(-1)).values())


LOGITS = torch.tensor([[1.0, 3.0, 2.0, -1.0], [1.0, 3.0, 2.0, -1.0]])


def test_each_request_of_a_step_is_drawn_in_its_own_way() -> None:
    greedy, penalised = SamplingParams(temperature=0), SamplingParams(temperature=0, repetition_penalty=5)
    (likeliest, how_likely), (other, _) = drawn(LOGITS, request(1, greedy), request(2, penalised, before=[1]))
    assert (likeliest, other) == (1, 2)
    assert how_likely == pytest.approx(LOGITS[0].log_softmax(0)[1].item())


def test_a_draw_depends_on_its_seed_and_on_nothing_beside_it() -> None:
    wide = torch.zeros(3, 1000)
    wanted = SamplingParams(temperature=1.0, seed=7)
    alone = drawn(wide[:1], request(1, wanted))[0]
    beside = drawn(wide, request(1, SamplingParams(temperature=1.0, seed=8)), request(2, wanted), request(3, wanted))
    assert beside[1] == beside[2] == alone != beside[0]


def test_a_choice_of_few_leaves_the_others_out() -> None:
    few = [SamplingParams(temperature=2.0, top_k=2, seed=seed) for seed in range(30)]
    assert {drawn(LOGITS[:1], request(1, one))[0][0] for one in few} == {1, 2}
    likely = [SamplingParams(temperature=1.0, top_p=0.5, seed=seed) for seed in range(10)]
    assert {drawn(LOGITS[:1], request(1, one))[0][0] for one in likely} == {1}


def test_an_adapter_adds_its_product_and_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    source = tiny.write(tmp_path / "tiny.gguf")
    digest = sha256_of(source)
    folder = export_to(WeightsFile(source, digest, None), tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    store = AdapterStore(tmp_path / "data")
    adapter = AdapterFile.of(store.add(tiny_adapter.write(tmp_path / "made" / "one", digest, 1)))
    merged = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tensors = load_file(adapter.path)
    for name in [name for name in tensors if name.endswith("lora_A.weight")]:
        module = merged.get_submodule(name.removeprefix("base_model.model.").removesuffix(".lora_A.weight"))
        product = tensors[name.replace("lora_A", "lora_B")].float() @ tensors[name].float()
        module.weight.data += adapter.scale * product
    ids = torch.arange(40)[None]
    with torch.no_grad():
        before = model(ids).logits
        with_it = with_adapter(model, adapter)
        torch.testing.assert_close(with_it(ids).logits, merged(ids).logits, rtol=1e-3, atol=1e-3)
        assert torch.equal(model(ids).logits, before)
        assert not torch.allclose(with_it(ids).logits, before)
    weights = {one.data_ptr() for one in model.parameters()}
    shared = sum(one.data_ptr() in weights for one in with_it.parameters())
    assert shared == len(weights), "only the adapter's own matrices take memory"
