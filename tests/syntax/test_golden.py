"""The golden corpus: what the guard makes of a completion, case by case. The cases are in `tests/golden/*.toml`.

A case reads `prefix├completion┤suffix`: the code before the cursor, all that a model wrote, and the code after the
cursor. Or it has the model's `text` and the `task` of HumanEval infilling that has prefix and suffix: that data is read by
path and never kept here. Its other keys: `name`, `language`, `expect` (the text that is left), `action`, `reasons` (in any
order; not looked at when absent), `mode` (block), `ended` (true; false: the model came to its `max_length`), `from` (the
source and licence of code that is not ours), and four that spare invisible characters:
`crlf`: every line break of the case and of `expect` is "\\r\\n"; `lf_model`: but the model's own are "\\n";
`tabs`: four spaces of indentation are a tab; `broken`: the result does not parse, as the file did not before.
`known_failure` says why the guard does not do it yet: such a case must fail, so that the key is removed once it passes.
"""

from __future__ import annotations

import json
import re
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sfm2.evals.items import Item
from sfm2.evals.suites.registry import load
from sfm2.syntax.guard import Guard, guarded
from sfm2.syntax.hole import Hole
from sfm2.types import GuardAction, GuardReason, Language, Mode

FOLDER = Path(__file__).parent.parent / "golden"
DATA = Path(__file__).parents[3] / "shared" / "data"
KEYS = {
    *(
        "name",
        "language",
        "case",
        "task",
        "text",
        "expect",
        "action",
        "reasons",
        "mode",
        "ended",
        "from",
        "known_failure",
    ),
    *("crlf", "lf_model", "tabs", "broken"),
}
LEADING = re.compile(r"^(?: {4})+", re.MULTILINE)
HOLE = re.compile(r"(?P<prefix>[^├┤]*)├(?P<text>[^├┤]*)┤(?P<suffix>[^├┤]*)")


@dataclass(frozen=True)
class Case:
    name: str
    file: str
    language: str
    prefix: str
    text: str
    suffix: str
    expect: str
    action: GuardAction
    reasons: frozenset[GuardReason] | None = None
    mode: Mode = Mode.BLOCK
    ended: bool = True
    broken: bool = False
    real: bool = False
    known_failure: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def here(self) -> bool:
        """Whether the code around the completion is known."""
        return "task" not in self.raw or self.raw["task"] in tasks()

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def read(file: Path) -> list[Case]:
    return [case_of(raw, file.stem) for raw in tomllib.loads(file.read_text(encoding="utf-8"))["case"]]


def case_of(raw: dict[str, Any], file: str) -> Case:
    prefix, text, suffix = parts(raw, file)
    reasons = raw.get("reasons")
    return Case(
        name=raw["name"],
        file=file,
        language=raw["language"],
        prefix=shaped(prefix, raw),
        text=shaped(text, raw, crlf=not raw.get("lf_model")),
        suffix=shaped(suffix, raw),
        expect=shaped(raw["expect"], raw),
        action=GuardAction(raw["action"]),
        reasons=None if reasons is None else frozenset(map(GuardReason, reasons)),
        mode=Mode(raw.get("mode", "block")),
        ended=raw.get("ended", True),
        broken=raw.get("broken", False),
        real="from" in raw,
        known_failure=raw.get("known_failure", ""),
        raw=raw,
    )


def parts(raw: dict[str, Any], file: str) -> tuple[str, str, str]:
    """Prefix, what the model wrote, suffix."""
    if task := raw.get("task"):
        item = tasks().get(task)
        return (item.prefix, raw["text"], item.suffix) if item else ("", "", "")
    hole = HOLE.fullmatch(raw["case"])
    assert hole, f"{file}: {raw['name']}: one ├ and one ┤ mark the completion"
    return hole["prefix"], hole["text"], hole["suffix"]


@cache
def tasks() -> dict[str, Item]:
    """None where the evaluation data is not beside the repository."""
    if not DATA.is_dir():
        return {}
    suites = ("infilling-single-line", "infilling-random-span")
    return {item.id: item for suite in suites for item in load(suite, DATA, None)}


def shaped(text: str, raw: dict[str, Any], crlf: bool = True) -> str:
    if raw.get("tabs"):
        text = LEADING.sub(lambda spaces: "\t" * (len(spaces[0]) // 4), text)
    return text.replace("\n", "\r\n") if raw.get("crlf") and crlf else text


CASES = [case for file in sorted(FOLDER.glob("*.toml")) for case in read(file)]


def params() -> list[Any]:
    return [
        pytest.param(
            case,
            id=str(case),
            marks=[pytest.mark.xfail(strict=True, reason=case.known_failure)] if case.known_failure else [],
        )
        for case in CASES
        if case.here
    ]


def test_the_evaluation_data_is_here() -> None:
    if not tasks():
        pytest.skip(f"{DATA}: no evaluation data; {sum(not case.here for case in CASES)} cases are left out")
    assert all(case.here for case in CASES)


def streamed(case: Case, size: int) -> str:
    """What a client is sent of a completion that comes in pieces of `size` characters."""
    guard = Guard(Hole(case.prefix, case.suffix, case.language), case.mode)
    sent = ""
    for start in range(0, len(case.text), size):
        sent += guard.feed(case.text[start : start + size])
        if guard.ended:
            break
    return sent + guard.finish(case.ended)


@pytest.mark.parametrize("case", params())
def test_golden(case: Case) -> None:
    text, report = guarded(
        case.text,
        prefix=case.prefix,
        suffix=case.suffix,
        language=case.language,
        mode=case.mode,
        model_stopped=case.ended,
    )
    assert text == case.expect
    assert report.action is case.action
    if case.reasons is not None:
        assert set(report.reasons) == case.reasons
    for size in (1, 7):
        assert streamed(case, size) == case.expect


def test_the_corpus_is_large_and_broad_enough() -> None:
    known = [case for case in CASES if case.known_failure]
    languages = Counter(case.language for case in CASES)
    real = sum(case.real for case in CASES)
    print(f"{len(CASES)} cases, {real} of them real, {len(known)} known failures; {dict(languages.most_common())}")
    for case in known:
        print(f"known failure: {case}: {case.known_failure}")
    assert len(CASES) >= 220
    assert len(languages) >= 9
    assert languages["python"] >= 100
    assert real >= 60
    assert {action for action in GuardAction if action is not GuardAction.RESAMPLED} == {case.action for case in CASES}
    assert set(Mode) == {case.mode for case in CASES}


def test_known_failures_stay_few() -> None:
    """A corpus that mostly fails describes a wish."""
    assert sum(bool(case.known_failure) for case in CASES) <= len(CASES) // 10


def test_the_cases_are_written_soundly() -> None:
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert [(case.name, set(case.raw) - KEYS) for case in CASES if set(case.raw) - KEYS] == []
    assert {case.language for case in CASES} <= {str(language) for language in Language}
    for case in CASES:
        assert (case.action is GuardAction.ABSTAINED) == (not case.expect.strip()), case.name


PARSERS: dict[str, Callable[[str], object]] = {
    "python": lambda text: compile(text, "<golden>", "exec", dont_inherit=True),
    "json": json.loads,
    "toml": tomllib.loads,
}


PARSED = [case for case in CASES if case.here and case.language in PARSERS and case.expect.strip()]


@pytest.mark.parametrize("case", PARSED, ids=str)
def test_what_is_expected_parses_in_place(case: Case) -> None:
    """As far as the standard library has a parser."""
    assert parses(case.prefix + case.expect + case.suffix, case.language) is not case.broken


def parses(text: str, language: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            PARSERS[language](text)
        except (SyntaxError, ValueError):
            return False
    return True
