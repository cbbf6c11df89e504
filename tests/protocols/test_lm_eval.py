"""lm-evaluation-harness, unmodified, by its command: a task of two lines, over both of its OpenAI models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Running
from tests.protocols.clients import Others

pytestmark = pytest.mark.slow

DOCUMENTS = [
    {"head": "def add(a, b):\n    return", "expected": " a + b", "echo": "echo: a + b"},
    {"head": "def square(x):\n    return x", "expected": " * x", "echo": "echo: * x"},
]
TASK = """
task: sums
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: generate_until
doc_to_text: "{text}"
doc_to_target: "{{{{expected}}}}"
generation_kwargs:
  until: ["\\n\\n"]
  max_gen_toks: 16
  temperature: 0.0
  do_sample: false
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
"""


def evaluate(others: Others, home: Path, model: str, url: str, text: str, *options: str) -> float:
    """The share of documents that were answered as expected. `text` is what is asked, in the harness's template language."""
    data = home / "sums.jsonl"
    data.write_text("".join(json.dumps(document) + "\n" for document in DOCUMENTS), encoding="utf-8")
    (home / "sums.yaml").write_text(TASK.format(data=data, text=text), encoding="utf-8")
    where = f"model=sfm2,base_url={url},tokenizer_backend=none,tokenized_requests=False"
    output = home / "results"
    command = ["lm_eval", "run", "--model", model, "--model_args", where, "--tasks", "sums"]
    others.run(home, *command, "--include_path", str(home), "--output_path", str(output), *options)
    (results,) = output.rglob("results_*.json")
    found: dict[str, float] = json.loads(results.read_text(encoding="utf-8"))["results"]["sums"]
    return found["exact_match,none"]


def test_completions_on_echo(others: Others, base_url: str, tmp_path: Path) -> None:
    options = ("--batch_size", "2")
    assert evaluate(others, tmp_path, "local-completions", f"{base_url}/completions", "{{echo}}", *options) == 1


def test_chat_on_echo(others: Others, base_url: str, tmp_path: Path) -> None:
    url = f"{base_url}/chat/completions"
    assert evaluate(others, tmp_path, "local-chat-completions", url, "{{echo}}", "--apply_chat_template") == 1


@pytest.mark.engine
def test_completions_on_real_weights(others: Others, server: Running, tmp_path: Path) -> None:
    assert evaluate(others, tmp_path, "local-completions", f"{server.url}/v1/completions", "{{head}}") == 1
