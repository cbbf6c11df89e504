"""What gpt2_lora does without its packages, and without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sfm2.installation import command_for

WITHOUT_TORCH = """
import asyncio, sys
from pathlib import Path
sys.modules["torch"] = None
from sfm2.backends.gpt2.backend import GPT2LoRA
from sfm2.config import GPT2Settings
from sfm2.generation import GenerationRequest
from sfm2.errors import BackendUnavailableError

async def main():
    backend = GPT2LoRA(GPT2Settings(lora_path=Path("lora")))
    await backend.start()
    await backend.ready()
    print(await backend.health())
    try:
        await anext(backend.stream(GenerationRequest("x")))
    except BackendUnavailableError as error:
        print(error)

asyncio.run(main())
"""


def test_without_the_extra_it_says_what_to_install() -> None:
    told = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True).stdout
    assert told.count(command_for("hf")) == 2
    assert "unavailable" in told


def test_importing_the_backend_does_not_import_torch() -> None:
    code = "import sys, sfm2.backends.gpt2.backend; assert not {'torch', 'transformers', 'peft'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


WITHOUT_NETWORK = """
import sys
from sfm2.backends.gpt2.files import base_folder
print(base_folder("somebody/tiny"))
"""


@pytest.mark.hf
def test_a_base_in_the_cache_needs_no_network(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    snapshot = tmp_path / "hub" / "models--somebody--tiny" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (snapshot / name).touch()
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0" * 40)
    # An unreachable hub: any request would fail.
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert told.strip() == str(snapshot)


UNREACHABLE_HUB = """
import asyncio, sys
from pathlib import Path
from sfm2.backends.gpt2.backend import GPT2LoRA
from sfm2.config import GPT2Settings

async def main():
    backend = GPT2LoRA(GPT2Settings(base_model="somebody/tiny", lora_path=Path(sys.argv[1])))
    await backend.ready()
    print(await backend.health())

asyncio.run(main())
"""


@pytest.mark.hf
def test_a_hub_out_of_reach_is_told(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "tiny"}')
    (tmp_path / "adapter_model.safetensors").touch()
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    told = subprocess.run(
        [sys.executable, "-c", UNREACHABLE_HUB, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "unavailable" in told
    assert "the base model somebody/tiny could not be loaded" in told
