"""Server-sent events: whatever is sent is read back, however the network cuts it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.sse import Decoder, Event, encode

# Any text but a CR, which the format can't carry; line ends, spaces and colons are frequent.
data = st.text(st.one_of(st.sampled_from("\n :é\u2028\ufeff🐍"), st.characters(exclude_characters="\r", codec="utf-8")))
name = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1)
event = st.builds(Event, data, name)
line = st.sampled_from(
    [b"data: a", b"data:b", b"data", b"event: e", b": remark", b"id: 1", b"\xc3\xa9", b"data: \xf0\x9f\x90\x8d", b""]
)
stream = st.lists(st.tuples(line, st.sampled_from([b"\n", b"\r\n", b"\r"]))).map(
    lambda lines: b"".join(part for pair in lines for part in pair)
)


def decoded(*chunks: bytes) -> list[Event]:
    decoder = Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


@given(st.lists(event))
def test_what_is_sent_is_read_back(events: list[Event]) -> None:
    assert decoded(b"".join(map(encode, events))) == events


@given(stream | st.binary(), st.data())
def test_the_cuts_between_chunks_mean_nothing(sent: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(sent)))))
    edges = [0, *cuts, len(sent)]
    chunks = [sent[start:end] for start, end in itertools.pairwise(edges)]
    assert decoded(*chunks) == decoded(sent)
    assert decoded(*(sent[i : i + 1] for i in range(len(sent)))) == decoded(sent)


@given(st.lists(event))
def test_every_line_end_of_the_format_is_one(events: list[Event]) -> None:
    sent = b"".join(map(encode, events))
    assert decoded(sent.replace(b"\n", b"\r\n")) == events
    assert decoded(sent.replace(b"\n", b"\r"), b":") == events  # a last CR may be half of a CR LF: the next byte tells


@pytest.mark.parametrize("wrong", [Event("a\rb"), Event("a\r"), Event("x", "a\rb"), Event("x", "a\nb")])
def test_what_the_format_cannot_carry_is_not_sent(wrong: Event) -> None:
    with pytest.raises(ValueError, match="can't contain"):
        encode(wrong)


@pytest.mark.parametrize(
    ("sent", "events"),
    [
        (b"data: a\n\n", [Event("a")]),
        (b"data:a\n\n", [Event("a")]),
        (b"data:  a\n\n", [Event(" a")]),
        (b"data: a\ndata: b\n\n", [Event("a\nb")]),
        (b"data\n\n", [Event("")]),
        (b"event: e\ndata: a\n\ndata: b\n\n", [Event("a", "e"), Event("b")]),
        (b"event: e\n\ndata: b\n\n", [Event("b")]),  # no data, no event; the name is forgotten
        (b": remark\nid: 7\nretry: 9\nother: x\ndata: a\n\n", [Event("a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),  # a byte order mark
        (b"data: \xff\n\n", [Event("\ufffd")]),
        (b"data: a\n", []),  # cut before its blank line
        (b"", []),
    ],
)
def test_the_format(sent: bytes, events: list[Event]) -> None:
    assert decoded(sent) == events
