"""Examples as tokens, packed into rows."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.corpus.example import Example
from sfm2.errors import WeightsError
from sfm2.finetune.encoding import Encoding, TokenSequence
from sfm2.finetune.packing import IGNORED, batch, pack
from sfm2.generation import Excerpt
from sfm2.prompts import FAMILIES

QWEN = FAMILIES[0]
END = 3


def tokenize(text: str) -> list[int]:
    """A token for each character and for each special token."""
    marks = [*QWEN.special_tokens, "<|endoftext|>", QWEN.file]
    for number, mark in enumerate(marks):
        text = text.replace(mark, chr(number))
    return [ord(character) for character in text]


def text(ids: tuple[int, ...]) -> str:
    return "".join(map(chr, ids))


def example(prefix: str, middle: str, suffix: str = "\nz = 3\n") -> Example:
    return Example("node", "python", "shop/cart/total.py", prefix, middle, suffix)


def encoded(one: Example, form: str = "spm", seed: int = 0) -> tuple[str, str]:
    sequence = Encoding.of(tokenize, QWEN, form).sequence(one, Random(seed))  # type: ignore[arg-type]
    cut = len(sequence) - sequence.learnt
    return text(sequence.ids[:cut]), text(sequence.ids[cut:])


def test_a_hole_is_read_as_the_service_puts_it() -> None:
    assert encoded(example("x = 1\ny = ", "2"), seed=0) == ("\0\1\nz = 3\n\2x = 1\ny =", " 2\3")
    assert encoded(example("x = 1\ny = ", "2"), "psm", seed=0) == ("\0x = 1\ny =\1\nz = 3\n\2", " 2\3")
    assert encoded(example("def f():\n    ", "pass", ""), seed=0) == ("def f():\n", "    pass\3")


def test_half_a_word_is_learnt_whole() -> None:
    assert encoded(example("x = 1\nprint(cou", "nt"), seed=0) == ("\0\1\nz = 3\n\2x = 1\nprint(", "count\3")


def test_some_name_their_file() -> None:
    shown = {encoded(example("x = 1\ny = ", "2"), seed=seed)[0].split("\0")[0] for seed in range(8)}
    assert shown == {"", "\4cart/total.py\n"}


def test_other_files_stand_before_the_hole() -> None:
    beside = Excerpt("def rate():\n    return 2<|fim_middle|>\n", "tax.py", 1, 2)
    one = replace(example("x = 1\ny = ", "2"), context=(beside,))
    shown = {encoded(one, seed=seed)[0] for seed in range(8)}
    others = "\4tax.py\ndef rate():\n    return 2\n"
    assert shown == {f"{others}\4{name}\n\0\1\nz = 3\n\2x = 1\ny =" for name in ("", "cart/total.py")}


def test_marks_in_code_are_only_text() -> None:
    prompt, learnt = encoded(example("a = '<|fim_middle|>'\nb = ", "'<|endoftext|>'"), seed=0)
    assert prompt.count("\2") == 1
    assert learnt == " ''\3"


def test_a_vocabulary_without_the_marks_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"fim_prefix.*are not tokens of this model"):
        Encoding.of(lambda text: list(text.encode()), QWEN, "psm")


@given(st.lists(st.integers(1, 40), max_size=60))
def test_rows_hold_every_sequence_once_and_none_is_too_long(lengths: list[int]) -> None:
    sequences = [TokenSequence(tuple(range(number, number + length)), 1) for number, length in enumerate(lengths)]
    rows = list(pack(sequences, 32))
    assert all(len(row) <= 32 for row in rows)
    packed = sorted(one.ids for row in rows for one in row.sequences)
    assert packed == sorted(one.ids for one in sequences if len(one) <= 32)
    # Two rows that are at most half full would have been packed into one.
    assert sum(len(row) <= 16 for row in rows) <= 1


@pytest.mark.hf
def test_a_position_sees_its_own_sequence_only() -> None:
    first, second = TokenSequence((5, 6, 7), 2), TokenSequence((8, 9), 1)
    [row] = pack([first, second], 8)
    (short,) = pack([TokenSequence((1,), 1)], 8)
    made = batch([row, short])
    assert made["input_ids"].tolist() == [[5, 6, 7, 8, 9], [1, 0, 0, 0, 0]]
    assert made["labels"].tolist() == [[IGNORED, 6, 7, IGNORED, 9], [1, *[IGNORED] * 4]]
    assert made["position_ids"].tolist()[0] == [0, 1, 2, 0, 1]
    assert made["attention_mask"][0, 0].int().tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 1],
    ]
