"""Each target with what the fuzzer begins with, with some hundreds of inputs made of it, and with those that failed once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzzing import seeds
from tests.fuzzing.__main__ import NAMES
from tests.fuzzing.targets import TARGETS

FAILED_ONCE = sorted((Path(__file__).parent / "failed").glob("*"))


def test_the_command_has_every_target() -> None:
    """It can't import them where it lists them: the fuzzer has to come first."""
    assert sorted(TARGETS) == list(NAMES)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_sound_input(target: str) -> None:
    for data in seeds.of(target):
        TARGETS[target](data)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_damaged_input(target: str) -> None:
    sound = seeds.of(target)

    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(sound), st.lists(st.tuples(st.integers(0, 4096), st.binary(max_size=4)), max_size=6))
    def damaged(data: bytes, changes: list[tuple[int, bytes]]) -> None:
        for at, put in changes:
            at %= len(data) + 1
            data = data[:at] + put + data[at + len(put) // 2 :]
        TARGETS[target](data)

    damaged()


@pytest.mark.parametrize("path", FAILED_ONCE, ids=lambda path: path.name)
def test_what_failed_once(path: Path) -> None:
    """The file's name begins with its target's."""
    TARGETS[path.name.partition("-")[0]](path.read_bytes())
