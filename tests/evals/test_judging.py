"""Judging what fills a hole by what stood there and by a parser."""

from __future__ import annotations

import pytest

from sfm2.evals.judging import Judged, judged

GO = ("package main\n\nfunc main() {\n\t", 'println("a", "b")', "\n}\n")
PYTHON = ("def f(x):\n    ", "return x + 1", "\n")


def test_what_stood_there_is_right_in_every_respect() -> None:
    for parts, language in ((GO, "go"), (PYTHON, "python")):
        assert judged(*parts, parts[1], language) == Judged(
            parses=True, first=True, likeness=1.0, empty=False, more=False
        )


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        (' println("a", "b")\n\tprintln()', Judged(parses=True, first=True, likeness=0.59, empty=False, more=True)),
        ("println(", Judged(parses=False, first=False, likeness=0.47, empty=False, more=False)),
        (" \n", Judged(parses=None, first=False, likeness=0.0, empty=True, more=None)),
    ],
)
def test_each_respect_is_judged_by_itself(completion: str, right: Judged) -> None:
    found = judged(*GO, completion, "go")
    assert found._replace(likeness=round(found.likeness, 2)) == right


def test_only_the_first_line_counts_as_the_first_line() -> None:
    prefix, suffix = "if a {\n    ", "\n}\n"
    found = judged(prefix, "b()\n    c()", suffix, "b()\n    d()\n    e()", "go")
    assert (found.first, found.more) == (True, True)


def test_what_nothing_can_judge_is_not_judged() -> None:
    assert judged("a ", "b", "", "c", "klingon").parses is None  # no grammar
    assert judged("func (", "b", "", "c", "go").parses is None  # did not parse as it was
    assert judged("def f(:\n", "b", "", "c", "python").parses is None
