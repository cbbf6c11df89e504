"""Fill-in-the-middle prompts that editors write are parsed back into prefix and suffix."""

from __future__ import annotations

import pytest

from sfm2.server.protocols.openai.fim_prompt import FimPrompt, parse_fim_prompt
from sfm2.types import Snippet


@pytest.mark.parametrize(
    "prompt",
    [
        "<|fim_prefix|>a = [<|fim_suffix|>]\n<|fim_middle|>",  # Qwen2.5-Coder, CodeGemma
        "<fim_prefix>a = [<fim_suffix>]\n<fim_middle>",  # StarCoder, StableCode
        "<｜fim▁begin｜>a = [<｜fim▁hole｜>]\n<｜fim▁end｜>",  # DeepSeek-Coder
        "<PRE> a = [ <SUF>]\n <MID>",  # CodeLlama
        "<|fim_prefix|><|fim_suffix|>]\n<|fim_middle|>a = [",  # the suffix first
    ],
)
def test_every_familys_form_is_known(prompt: str) -> None:
    assert parse_fim_prompt(prompt) == FimPrompt("a = [", "]\n")


def test_other_files_in_front_are_context() -> None:
    files = "<|repo_name|>shop<|file_sep|>store.py\nSTOCK = {}\n<|file_sep|>main.py\n"
    assert parse_fim_prompt(files + "<|fim_prefix|>import <|fim_suffix|>\n<|fim_middle|>") == FimPrompt(
        "import ", "\n", "main.py", (Snippet(path="store.py", text="STOCK = {}\n"),)
    )


@pytest.mark.parametrize(
    "prompt",
    ["x = 1", "", "<|fim_prefix|>x", "<|fim_middle|>x<|fim_suffix|>y<|fim_prefix|>", "a <PRE> b <MID> c <SUF>"],
)
def test_other_text_is_left_alone(prompt: str) -> None:
    assert parse_fim_prompt(prompt) is None
