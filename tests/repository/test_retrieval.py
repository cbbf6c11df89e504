"""What of a repository is found for a hole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.repository.contents import Passage
from sfm2.repository.packing import pack
from sfm2.repository.query import Query
from sfm2.repository.retrieval import DEFINITION_LINES, Found, retrieve, similar
from tests.repository.conftest import Opens

ADDING = "from shop.model import Cart, Item\n\n\ndef add(cart: Cart, name: str, cents: int) -> None:\n    item = "


def test_the_definitions_that_the_cursor_is_near_to_come_first(repository: Path, indexed: Opens) -> None:
    found = retrieve(indexed(repository), Query(ADDING, "\n", "python", "add.py"))
    first = [one.passage.text.split("\n")[0] for one in found if one.reason == "definition"]
    assert {"@dataclass", "class Cart:"} <= set(first)
    assert "append_line" in "".join(one.passage.text for one in found)


def test_what_is_like_the_lines_around_is_found_without_a_name_in_common(repository: Path, indexed: Opens) -> None:
    code = "def gross_sum(wanted):\n    # the sum in cents, rounded\n    return "
    assert similar(indexed(repository), Query(code, "", "python"))[0].passage.path == "checkout.py"


def test_hidden_files_and_the_file_s_own_definitions_are_left_out(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    query = Query("class Cart:\n    pass\n" + ADDING, "", "python", hidden=frozenset({"shop/model.py"}))
    assert "Cart" not in query.names
    assert "shop/model.py" not in {one.passage.path for one in retrieve(index, query)}


def test_a_name_in_a_comment_is_no_name_of_code() -> None:
    query = Query("# see Cart\nx = Item  # or Other\n", "", "python")
    assert set(query.names) == {"Item"}


def test_a_field_counts_only_beside_its_type(repository: Path, indexed: Opens) -> None:
    (repository / "far.py").write_text("class Far:\n    tax_rate: float = 0.19\n")
    index = indexed(repository)
    alone = retrieve(index, Query("x = tax_rate\n", "", "python"))
    beside = retrieve(index, Query("x: Far = tax_rate\n", "", "python"))
    assert not [one for one in alone if one.reason == "definition"]
    assert [one.passage.path for one in beside if one.reason == "definition"] == ["far.py"]


def test_a_long_definition_is_shown_by_its_first_lines(repository: Path, indexed: Opens) -> None:
    body = "".join(f"    x{n} = {n}\n" for n in range(100))
    (repository / "long.py").write_text(f"def lengthy():\n{body}")
    found = retrieve(indexed(repository), Query("lengthy()\n", "", "python"))
    passage = next(one.passage for one in found if one.reason == "definition")
    assert (passage.first, passage.last) == (1, DEFINITION_LINES)
    assert passage.text.count("\n") == DEFINITION_LINES - 1


PASSAGES = st.builds(
    lambda path, first, lines: Passage(path, first, first + len(lines) - 1, "\n".join(lines)),
    st.sampled_from(["a.py", "b/c.py"]),
    st.integers(1, 50),
    st.lists(st.text(alphabet="xy ", max_size=40), min_size=1, max_size=40),
)


@given(st.lists(PASSAGES, max_size=12), st.integers(0, 3000))
def test_what_is_packed_fits_and_keeps_the_order_from_behind(passages: list[Passage], characters: int) -> None:
    found = [Found(passage, "similar") for passage in passages]
    packed = [one.passage for one in pack(found, characters)]
    assert sum(len(passage.text) + len(passage.path) for passage in packed) <= characters
    for passage in packed:
        assert passage.text.count("\n") == passage.last - passage.first
    wanted = iter(passages)
    for passage in reversed(packed):
        assert any(one[:2] == passage[:2] and one.text.startswith(passage.text) for one in wanted)


@pytest.mark.parametrize("characters", [0, 1, 199])
def test_in_too_little_room_nothing_is_shown(characters: int) -> None:
    assert pack([Found(Passage("a.py", 1, 1, "x"), "similar")], characters) == []
