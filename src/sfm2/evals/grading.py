"""From a completion to a record: whether it parses, passes its test, and is the expected text."""

from __future__ import annotations

from sfm2.errors import SFM2Error
from sfm2.evals.items import UNANSWERED, Item, Record
from sfm2.evals.metrics import measure
from sfm2.evals.sandbox import Program, Sandbox
from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing import ParseContext
from sfm2.syntax.parsing.compiler import first_error
from sfm2.types import Completion

UNPARSED = "does not parse"


async def graded(item: Item, answer: Completion, seconds: float, sandbox: Sandbox) -> Record:
    """The record of an item that was completed in `seconds`; its test, if there is one, is run in the sandbox."""
    text = answer.completion
    parses = parses_in_place(item, text)
    passed, error = await _tested(item, text, parses, sandbox)
    measures = measure(item, text)
    return Record(
        id=item.id,
        source=item.source,
        kind=item.kind,
        language=item.language,
        completion=text,
        passed=passed,
        parses=parses,
        empty=not text.strip(),
        exact=measures.exact,
        similarity=measures.similarity,
        stop=measures.stop,
        confidence=answer.confidence,
        calibrated=answer.calibrated,
        features=answer.features or {},
        action=answer.guard.action.value,
        reasons=[reason.value for reason in answer.guard.reasons],
        finish_reason=answer.finish_reason,
        tokens=answer.tokens.completion,
        seconds=seconds,
        model_used=answer.model_used,
        weights=answer.weights,
        error=error,
        first_line=measures.first_line,
        more_lines=measures.more_lines,
        needs=item.needs,
        prompt_tokens=answer.tokens.prompt,
    )


def unanswered(item: Item, error: SFM2Error, seconds: float) -> Record:
    """The record of an item for which the service gave an error: it counts as wrong, but not as an abstention."""
    return Record(
        id=item.id,
        source=item.source,
        kind=item.kind,
        language=item.language,
        completion="",
        passed=None if item.test is None else False,
        parses=None,
        empty=False,
        exact=None if item.expected is None else False,
        similarity=None if item.expected is None else 0.0,
        stop=None,
        confidence=0.0,
        calibrated=False,
        features={},
        action="off",
        reasons=[],
        finish_reason=UNANSWERED,
        tokens=0,
        seconds=seconds,
        model_used="",
        weights=None,
        error=f"{error.code}: {error}",
        first_line=None if item.expected is None else False,
        needs=item.needs,
    )


def parses_in_place(item: Item, completion: str) -> bool | None:
    """Whether the completed file parses; None when there is no parser for the language."""
    if item.language == "python":
        return first_error(item.prefix + completion + item.suffix) is None
    context = ParseContext(Hole(item.prefix, item.suffix, item.language))
    return context.problems(completion) == 0 if context.has_parser else None


async def _tested(item: Item, text: str, parses: bool | None, sandbox: Sandbox) -> tuple[bool | None, str | None]:
    if item.test is None:
        return None, None
    if parses is False:
        return False, UNPARSED
    outcome = await sandbox.run(Program(item.prefix + text + item.suffix, item.test, item.entry_point))
    return outcome.passed, outcome.error
