"""The text of each token, whoever reports its bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfm2.engines.llama_cpp.token_texts import TokenTexts

TOKENS = (
    st.text(max_size=20)
    .map(str.encode)
    .flatmap(
        lambda text: st.lists(st.integers(0, len(text)), max_size=8).map(
            lambda cuts: [
                text[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(text)], strict=True) if a < b
            ]
        )
    )
)


def whole(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(TOKENS)
def test_of_a_server_that_reports_every_token(tokens: list[bytes]) -> None:
    texts = TokenTexts()
    content = b"".join(tokens).decode()
    assert "".join(texts.of(content, tokens)) == content


@given(TOKENS)
def test_of_one_that_is_silent_of_those_that_end_within_a_character(tokens: list[bytes]) -> None:
    texts, sent = TokenTexts(), ""
    found: list[str] = []
    for number, token in enumerate(tokens, 1):
        so_far = b"".join(tokens[:number])
        if whole(so_far):
            text = so_far.decode().removeprefix(sent)
            sent += text
            found += texts.of(text, [token])
    assert "".join(found) == sent == b"".join(tokens).decode()


def test_text_that_is_held_back_belongs_to_its_tokens_all_the_same() -> None:
    """As where a stop text may have begun."""
    texts = TokenTexts()
    assert [texts.of("", [b"re"]), texts.of("", [b"tu"]), texts.of("return é", [b"rn", " é".encode()])] == [
        ("re",),
        ("tu",),
        ("rn", " é"),
    ]
