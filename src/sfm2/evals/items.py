"""The items of a suite, and the records of their completions."""

from __future__ import annotations

from dataclasses import dataclass

from sfm2.generation import Excerpt

UNANSWERED = "error"
"""The `finish_reason` of a record for which the service gave an error."""


@dataclass(frozen=True)
class Item:
    """A hole to fill, or a prompt to complete."""

    id: str
    """Unique within the suite."""
    source: str
    """The file or task that it was cut from. Items of one source are not independent, so they are resampled together."""
    prefix: str
    suffix: str
    language: str
    """A value of `sfm2.types.Language`."""
    kind: str
    """One of "line", "block", "span" and "definition"."""
    path: str | None = None
    """The file's path, as it is sent with the request."""
    expected: str | None = None
    """The original text of the hole."""
    max_length: int = 160
    """The most tokens of a completion."""
    mode: str | None = None
    """The completion mode of the request. None: the service's default."""
    test: str | None = None
    """Program text that is run after the completed file."""
    entry_point: str | None = None
    """The name of the function that `test` tests."""
    as_prompt: bool = False
    """Whether it is sent to POST /generate rather than POST /complete."""
    beside: tuple[Excerpt, ...] = ()
    """Code of other files that is sent with the request."""
    tree: str | None = None
    """The commit whose tree the rest of the repository is. None: the item stands alone."""
    hidden: tuple[str, ...] = ()
    """Paths in that tree which the model must not be shown: the file's own, and its former one."""
    needs: str | None = None
    """What its answer needs from elsewhere. None: not known."""


@dataclass(frozen=True)
class Record:
    """The completion of an item and its measures: a line of a results file."""

    id: str
    """The item's id."""
    source: str
    """The item's source."""
    kind: str
    language: str
    completion: str
    passed: bool | None
    """Whether the completed file passed its test. None: there is no test."""
    parses: bool | None
    """Whether the completed file parses. None: not judged."""
    empty: bool
    """Whether the completion is white space only: the service abstained."""
    exact: bool | None
    """Whether it is the expected text. None: there is none."""
    similarity: float | None
    """The edit similarity to the expected text, in [0, 1]. None: there is none."""
    stop: str | None
    """Where it ends: "exact", "over" or "under" (see `stopping`). None: not measured."""
    confidence: float
    """The service's estimate that the completion is correct, in [0, 1]."""
    calibrated: bool
    """Whether `confidence` is a calibrated probability."""
    features: dict[str, float]
    """What `confidence` is computed from, by name."""
    action: str
    """What the guard did."""
    reasons: list[str]
    """Why the guard did it."""
    finish_reason: str
    tokens: int
    """The number of tokens that the model generated."""
    seconds: float
    """The time from the request to the complete response."""
    model_used: str
    """The backend that gave the completion."""
    weights: str | None
    """The SHA-256 of its weights, if known."""
    error: str | None
    """The error of the sandbox or the service."""
    first_line: bool | None = None
    """Whether the first line is the expected one, white space around it aside. None: there is none."""
    more_lines: bool | None = None
    """Whether it has more lines than the expected text. None also for an empty completion."""
    needs: str | None = None
    """What the item's answer needs from elsewhere."""
    prompt_tokens: int | None = None
    """Tokens of the prompt, where the backend reports them."""

    @property
    def answered(self) -> bool:
        """Whether the service gave a completion, even an empty one, rather than an error."""
        return self.finish_reason != UNANSWERED

    @property
    def correct(self) -> bool | None:
        """Whether it passed its test or, without a test, is the expected text; None when it can't be judged."""
        return self.exact if self.passed is None else self.passed
