"""The time for parsing: ordinary texts never notice it; once it is spent the guard judges as it does without a parser."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from sfm2.syntax.guard import guarded
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.types import GuardAction, GuardReason, Mode

SAMPLES = {file.name: file.read_text(encoding="utf-8") for file in (Path(__file__).parent.parent / "samples").iterdir()}


def holes(text: str, chance: random.Random, count: int) -> list[tuple[str, str, str]]:
    """Prefix, what a model might write, suffix: what was there, or something else from the file, some of it damaged."""
    found = []
    for _ in range(count):
        start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        other = chance.randrange(len(text) + 1)
        written = chance.choice([text[start:end], text[other : other + 200], text[start:end].replace("(", "", 1)])
        found.append((text[:start], written, text[end:]))
    return found


@pytest.mark.parametrize("language", SAMPLES)
def test_an_ordinary_text_is_judged_as_if_there_were_no_limit(language: str) -> None:
    chance = random.Random(language)
    for prefix, written, suffix in holes(SAMPLES[language], chance, 12):
        mode = chance.choice(list(Mode))
        limited, unlimited = (
            guarded(written, prefix=prefix, suffix=suffix, language=language, mode=mode, time=time)
            for time in (ParsingTime(), ParsingTime(math.inf))
        )
        assert limited == unlimited


@pytest.mark.parametrize("language", ["javascript", "python", "go", "yaml"])
def test_when_the_time_is_spent_nothing_is_judged(language: str) -> None:
    text, report = guarded("g(1) ]", prefix="f(", suffix=")\n", language=language, time=ParsingTime(0))
    unknown, _ = guarded("g(1) ]", prefix="f(", suffix=")\n", language="wgsl")
    assert text == unknown == "g(1) ]"
    assert (report.action, report.reasons, report.parses) == (GuardAction.OFF, [GuardReason.TOO_LARGE], None)


@pytest.mark.timeout(30)
def test_time_that_runs_out_while_candidates_are_tried_cuts_nothing() -> None:
    """The grammar is at a loss with the prefix; what it refused until then is no reason to cut the completion."""
    text, report = guarded(
        "foo(bar)\nbaz(", prefix="<" * 100_000 + "\n", language="bash", mode=Mode.FREE, time=ParsingTime(0.05)
    )
    assert text == "foo(bar)\nbaz("
    assert report.parses is None
    assert report.reasons == [GuardReason.TOO_LARGE]


def test_all_that_is_parsed_counts() -> None:
    time = ParsingTime(0.05)
    for _ in range(10_000):
        if time.is_spent:
            break
        guarded(
            "return a", prefix="function f(a) {\n  " + "g();\n  " * 50, suffix="\n}\n", language="javascript", time=time
        )
    assert time.is_spent


def test_within_the_time_a_single_parse_may_have_less() -> None:
    time = ParsingTime(10)
    with time.spending(at_most=0) as is_over:
        assert is_over()
    assert not time.is_spent


def test_once_stopped_nothing_is_parsed_any_more() -> None:
    time = ParsingTime()
    with time.spending() as is_over:
        assert not is_over()
        time.stop()
        assert is_over()
    with pytest.raises(TimeoutError), time.spending():
        pass
