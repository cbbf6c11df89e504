"""A question that a model is asked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

UNANSWERED = "error"


@dataclass(frozen=True)
class Item:
    """One question: what to write between `prefix` and `suffix`. `max_length` is in tokens.

    `source` is the file or the task it was cut from: items of one source are no independent evidence. `kind`: "line",
    "block", "span" or "definition". `test` is program text that is run after the completed file; `entry_point` the
    function that it tests. `as_prompt`: asked with POST /generate rather than /complete.
    """

    id: str
    source: str
    prefix: str
    suffix: str
    language: str
    kind: str
    path: str | None = None
    expected: str | None = None
    max_length: int = 160
    mode: str | None = None
    test: str | None = None
    entry_point: str | None = None
    as_prompt: bool = False


@dataclass(frozen=True)
class Record:
    """One answered question: a line of a results file.

    `passed` None: there is no test. `parses`: whether the completed file parses; None: not judged. `exact`, `similarity` and
    `stop` ("exact", "over", "under") None: not measured. `tokens` counts what the model made; `seconds` from question to
    answer. `error`: what the sandbox said, or the service; `finish_reason` is "error" where the service did not answer, and
    then the record is neither right nor empty.
    """

    id: str
    source: str
    kind: str
    language: str
    completion: str
    passed: bool | None
    parses: bool | None
    empty: bool
    exact: bool | None
    similarity: float | None
    stop: str | None
    confidence: float
    calibrated: bool
    features: dict[str, float]
    action: str
    reasons: list[str]
    finish_reason: str
    tokens: int
    seconds: float
    model_used: str
    weights: str | None
    error: str | None

    @property
    def answered(self) -> bool:
        return self.finish_reason != UNANSWERED

    @property
    def correct(self) -> bool | None:
        """Whether it passed its test or, without one, is the expected text; None: nothing to judge it by."""
        return self.exact if self.passed is None else self.passed
