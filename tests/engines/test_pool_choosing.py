"""Which engine of several gets a request: the same one while nothing changes, and none too many."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.engines.pool.affinity import affinity_key
from sfm2.engines.pool.choosing import bounded, least_loaded, ranking
from sfm2.generation import GenerationRequest
from sfm2.types import ConversationMessage

NAMES = st.lists(st.text(min_size=1), min_size=2, max_size=8, unique=True)
SOURCE = Path(__file__).parents[2] / "src" / "sfm2"
TYPED = ("breaker.py", "engines/base.py", "types/names.py")


@given(st.text(), NAMES)
def test_the_order_depends_on_the_key_and_the_names_alone(key: str, names: list[str]) -> None:
    assert ranking(key, names) == ranking(key, reversed(names)) == ranking(key, sorted(names))
    assert sorted(ranking(key, names)) == sorted(names)


@given(st.lists(st.text(), max_size=50), NAMES)
def test_one_that_leaves_moves_its_own_keys_only(keys: list[str], names: list[str]) -> None:
    gone, *others = names
    for key in keys:
        before = ranking(key, names)
        assert ranking(key, others) == [name for name in before if name != gone]


def test_keys_are_spread() -> None:
    names = [f"http://engine-{number}:8080" for number in range(4)]
    found = Counter(ranking(f"src/file_{number}.py", names)[0] for number in range(4000))
    assert all(900 < count < 1100 for count in found.values()), found


@given(st.lists(st.text(max_size=3), max_size=60), NAMES)
def test_none_has_much_more_to_do_than_the_mean(keys: list[str], names: list[str]) -> None:
    running = dict.fromkeys(names, 0)
    for key in keys:
        chosen = bounded(ranking(key, names), running)[0]
        assert running[chosen] <= 1.25 * sum(running.values()) / len(names) + 1
        running[chosen] += 1


@given(st.text(), st.dictionaries(st.text(), st.integers(0, 9), min_size=1))
def test_the_others_stay_in_their_order_and_none_is_lost(key: str, running: dict[str, int]) -> None:
    order = ranking(key, running)
    found = bounded(order, running)
    assert sorted(found) == sorted(order)
    most = 1.25 * sum(running.values()) / len(running) + 1
    kept = [name for name in found if running[name] <= most]
    assert kept == [name for name in order if running[name] <= most]
    assert found[: len(kept)] == kept


def test_a_keystroke_may_overlap_the_one_before_it() -> None:
    names = [str(number) for number in range(10)]
    first = ranking("a.py", names)[0]
    assert bounded(ranking("a.py", names), {**dict.fromkeys(names, 0), first: 1})[0] == first
    assert bounded(ranking("a.py", names), {**dict.fromkeys(names, 0), first: 2})[0] != first


def test_without_a_key_the_one_with_least_to_do_is_first() -> None:
    assert least_loaded({"a": 2, "b": 0, "c": 1}) == ["b", "c", "a"]


@pytest.mark.parametrize("name", TYPED)
def test_typing_a_file_that_has_a_name_never_changes_its_key(name: str) -> None:
    text = (SOURCE / name).read_text(encoding="utf-8")
    keys = {affinity_key(GenerationRequest(text[:at], text[-300:], path=name)) for at in range(len(text))}
    assert keys == {name}


@pytest.mark.parametrize("name", TYPED)
def test_typing_a_file_without_a_name_changes_its_key_with_its_first_lines_only(name: str) -> None:
    text = (SOURCE / name).read_text(encoding="utf-8")
    keys = [affinity_key(GenerationRequest(text[:at])) for at in range(len(text))]
    changes = [at for at in range(1, len(keys)) if keys[at] != keys[at - 1]]
    assert len(changes) <= text[:256].count("\n") + 1
    assert not changes or changes[-1] <= 256


@given(st.text(), st.text(max_size=20))
def test_a_character_more_of_a_line_does_not_change_the_key(text: str, more: str) -> None:
    long = text.ljust(256, "x")
    assert affinity_key(GenerationRequest(long + more)) == affinity_key(GenerationRequest(long))
    line = "import os\n" + "".join(more.splitlines())
    assert affinity_key(GenerationRequest(line)) == "import os\n"


def test_nothing_of_a_file_yet_is_no_key() -> None:
    assert affinity_key(GenerationRequest("def ad")) is None


def test_a_conversation_keeps_its_key_as_it_grows() -> None:
    def key(*texts: str) -> str | None:
        roles = ("system", "user", "assistant", "user")
        said = [ConversationMessage(role=role, content=text) for role, text in zip(roles, texts, strict=False)]
        return affinity_key(GenerationRequest(messages=tuple(said)))

    assert key("be brief", "hello") == key("be brief", "hello", "hi", "and now?")
    assert key("be brief", "hello") != key("be brief", "good day")
