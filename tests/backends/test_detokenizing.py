"""Tokens to text, with characters that take several tokens."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from sfm2.backends.gpt2.detokenizer import Detokenizer


def bytes_decode(ids: Sequence[int]) -> str:
    """A tokenizer whose tokens are bytes."""
    return bytes(ids).decode(errors="replace")


@given(st.text(max_size=30))
def test_every_piece_is_whole_characters(text: str) -> None:
    detokenizer = Detokenizer(bytes_decode)
    chunks = [detokenizer.feed(byte) for byte in text.encode()]
    assert "".join(chunks) + detokenizer.finish() == text
    if "\N{REPLACEMENT CHARACTER}" not in text:
        assert all("\N{REPLACEMENT CHARACTER}" not in chunk for chunk in chunks)


@given(st.binary(max_size=30))
def test_broken_text_comes_out_as_the_decoder_has_it(data: bytes) -> None:
    detokenizer = Detokenizer(bytes_decode)
    shown = "".join(map(detokenizer.feed, data)) + detokenizer.finish()
    assert shown == data.decode(errors="replace")


def test_a_tokenizer_that_drops_the_space_of_its_first_token() -> None:
    words = ["▁return", "▁a", "▁+"]

    def decode(ids: Sequence[int]) -> str:
        return "".join(words[i] for i in ids).replace("▁", " ").removeprefix(" ")

    detokenizer = Detokenizer(decode)
    assert [detokenizer.feed(i) for i in range(3)] == ["return", " a", " +"]
