"""What type checkers and `help()` know of the SDK."""

from __future__ import annotations

import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

from sfm2 import AsyncSFM2Client, SFM2Client
from sfm2.types import Completion, GenerationArguments

REFERENCE = """
from sfm2 import SFM2Client

client = SFM2Client()
prompts = [
    "def sort_list(lst):",
    "class Queue:",
    "import numpy as np"
]

results = client.generate_batch(prompts, max_length=50)
for i, result in enumerate(results):
    print(f"Prompt {i+1}: {result.generated_code}")

health = client.health_check()
if health['status'] != 'healthy':
    print("API is experiencing issues")
reveal_type(health["status"])
reveal_type(results[0].generated_code)
with client.complete_stream("x = ", path="a.py") as stream:
    for chunk in stream:
        print(chunk.text, chunk.confidence)
    reveal_type(stream.result)
with client.explain_stream("x = 1") as explaining:
    reveal_type(explaining.result)
"""


@pytest.mark.slow
def test_the_references_code_is_typed(tmp_path: Path) -> None:
    file = tmp_path / "reference.py"
    file.write_text(REFERENCE)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(file)]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert checked.returncode == 0, checked.stdout
    revealed = [
        line.split("Revealed type is ")[1].strip('"') for line in checked.stdout.splitlines() if "Revealed" in line
    ]
    status, code, completion, explanation = revealed
    assert status == "Literal['healthy'] | Literal['degraded'] | Literal['unhealthy']"
    assert code == "str"
    assert completion == "sfm2.types.answers.Completion | None"
    assert explanation == "sfm2.types.answers.Explanation | None"


class _PlainText(pydoc.TextDoc):
    """Without the overstrikes that make bold type in a terminal."""

    def bold(self, text: str) -> str:
        return text


@pytest.mark.parametrize("kind", [SFM2Client, AsyncSFM2Client])
@pytest.mark.parametrize("name", ["generate", "generate_stream", "generate_batch", "complete", "complete_stream"])
def test_help_lists_every_argument(kind: type, name: str) -> None:
    method = getattr(kind, name)
    assert set(GenerationArguments.__annotations__) <= set(inspect.signature(method).parameters)
    text = pydoc.render_doc(method, renderer=_PlainText())
    for argument in GenerationArguments.__annotations__:
        assert f"{argument}: " in text
    assert "**" not in text


def test_an_answers_repr_is_short() -> None:
    code = "x = 1\n" * 1_000
    completion = Completion(
        generated_code=code,
        completion=code,
        model_used="sfm2",
        confidence=0.9,
        processing_time=1,
        finish_reason="stop",
        features={f"f{i}": 0.0 for i in range(100)},
    )
    assert len(repr(completion)) < 200
    assert repr(completion).startswith("Completion(completion='x = 1")
    assert "confidence=0.9" in repr(completion)
