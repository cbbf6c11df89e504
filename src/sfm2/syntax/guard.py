"""The guard: from what a model writes to a completion that can be accepted without touching it.

While text comes, rules say at each line's end whether it belongs (`rules/`); what came before is sent once it parses in
place and no rule can take it back. At the end the longest prefix by lines that parses in place is kept; else what is open is
closed; else the completion is empty. What it does not cover: whether the code is right, and languages without a grammar,
whose completions are cut by the rules and never parsed.
"""

from __future__ import annotations

import re

from sfm2.syntax.fit import Fit, last_line
from sfm2.syntax.hole import Hole
from sfm2.syntax.rules import rules_for
from sfm2.syntax.rules.base import Draft
from sfm2.types import GuardAction, GuardReason, GuardReport, Mode

_REMARKS = frozenset({GuardReason.UNDEFINED_NAMES, GuardReason.UNKNOWN_LANGUAGE})  # nothing was done to the text


class Guard:
    """Feed it a completion in any pieces; it gives back what can be sent, and is `ended` when the rest is not wanted. `cut`
    tells whether a rule ended it.

    `streams` False gives everything back at the end, and parses less. A text in a language that nobody knows passes as it
    comes.
    """

    def __init__(self, hole: Hole, mode: Mode, *, streams: bool = True) -> None:
        self.ended = False
        self.text = ""
        self.report = GuardReport()
        self._hole = hole
        self._mode = mode
        self._fit = Fit(hole)
        self._rules = rules_for(hole, mode)
        self._streams = streams and not hole.suffix.strip()
        self._lets_pass = not (self._fit.judged or hole.words or hole.suffix.strip() or mode is Mode.LINE)
        self._draft = ""  # what belongs so far; line breaks are "\n"
        self._line = ""  # the line that is being written
        self._number = 0
        self._written = 0  # characters that the model made
        self.cut = False  # by a rule; that is an end, too
        self._sent = 0  # characters of the draft that were given back
        self._reasons: list[GuardReason] = []

    @property
    def judged(self) -> int:
        """Characters that were parsed so far."""
        return self._fit.cost

    def feed(self, text: str) -> str:
        if self._lets_pass:
            return self._pass(text)
        number = self._number
        for piece in re.findall(r"[^\n]*\n|[^\n]+", text):
            if self.ended:
                break
            self._written += len(piece)
            self._line += piece
            if piece.endswith("\n"):
                self._end_line(self._line[:-1].removesuffix("\r"), broken=True)
        return self._release() if self._number > number else ""

    def finish(self, ended: bool = True) -> str:
        """The rest of what may be sent. `ended`: the model came to an end by itself, not to its length."""
        unfinished = bool(self._line) and not ended
        if self._line and not self.ended:
            self._end_line(self._line, broken=False)
        if not self.ended:
            self._cut_at_end(by_itself=ended and self._fits(len(self._draft)))
        self.ended = True
        chosen = self._draft if self._lets_pass else self._choose(unfinished and not self.cut)
        self.text = chosen.replace("\n", self._hole.newline)
        self.report = self._report(chosen)
        return self._send(chosen)

    # While text comes.

    def _pass(self, text: str) -> str:
        self._written += len(text)
        self._draft += text
        if not self._streams:
            return ""
        self._sent = len(self._draft)
        return text

    def _end_line(self, line: str, broken: bool) -> None:
        self._line = ""
        draft = Draft(line, len(self._draft), self._number, broken, self._fits)
        self._draft += line + ("\n" if broken else "")
        self._number += 1
        for rule in self._rules:
            cut = rule.cut(draft)
            if cut is None:
                continue
            if not (rule.reason is GuardReason.CHATTER and self._begins_code(cut)):
                self._stop(max(cut, self._sent), rule.reason)
            return

    def _begins_code(self, fence: int) -> bool:
        """A fence before the code is talk, and so is what stands before the fence and no line of it is code."""
        if self._hole.head.strip() or not self._fit.judged or self._sent or self._holds_code(fence):
            return False
        self._draft, self._number, self._rules = "", 0, rules_for(self._hole, self._mode)
        self._note(GuardReason.CHATTER)
        return True

    def _holds_code(self, end: int) -> bool:
        ends = self._fit.ends(self._draft[:end], unfinished=False)
        return self._fits(end) or any(self._fit.best(self._draft, at, strict=True) is not None for at in ends)

    def _stop(self, cut: int, reason: GuardReason) -> None:
        self.ended = self.cut = True
        self._note(reason)
        self._draft = self._draft[:cut]
        self._cut_at_end(by_itself=False)

    def _cut_at_end(self, by_itself: bool) -> None:
        for rule in self._rules:
            end = rule.at_end(by_itself)
            if end is not None and self._sent <= end < len(self._draft):
                self._note(rule.reason)
                self._draft = self._draft[:end]
                self.cut = True

    def _release(self) -> str:
        """Lines that parse in place and that no rule doubts."""
        if not self._streams or self.ended:
            return ""
        doubts = [doubt for rule in self._rules if (doubt := rule.doubt()) is not None]
        end = len(self._draft[: min(doubts, default=len(self._draft))].rstrip())
        return self._send(self._draft[:end]) if end > self._sent and self._fits(end) else ""

    def _send(self, text: str) -> str:
        sent, self._sent = self._sent, max(self._sent, len(text))
        return text[sent:].replace("\n", self._hole.newline)

    def _fits(self, end: int) -> bool:
        return self._fit.best(self._draft, end) is not None

    # At the end.

    def _choose(self, unfinished: bool) -> str:
        """The longest part that fits; else what is left with everything closed. `unfinished`: its last line was.

        Who completes in an editor has not closed the blocks around the cursor yet; who generates gets them closed.
        """
        if not self._draft.strip():
            return ""
        ways = [lambda: self._longest(unfinished, strict=True), self._closed]
        ways.insert(1 if self._mode in (Mode.LINE, Mode.BLOCK) else 2, lambda: self._longest(unfinished, strict=False))
        found = next((text for way in ways if (text := way()) is not None), None)
        if found is None and not self._sent:
            self._note(GuardReason.SYNTAX)
        return found if found is not None else self._draft[: self._sent]

    def _longest(self, unfinished: bool, strict: bool) -> str | None:
        for end in self._fit.ends(self._draft, unfinished):
            if end < self._sent:
                break
            whole = end == len(self._draft) and not self.cut
            if (text := self._fit.best(self._draft, end, whole, strict)) is not None:
                self._note_loss(text, end, unfinished)
                return text
        return None

    def _closed(self) -> str | None:
        text = self._fit.closed(self._draft)
        if text is not None:
            self._note(GuardReason.OPEN)
        return text

    # What was done.

    def _note(self, reason: GuardReason) -> None:
        if reason not in self._reasons:
            self._reasons.append(reason)

    def _note_loss(self, text: str, end: int, unfinished: bool) -> None:
        if self._draft[end:].strip() and unfinished and end == last_line(self._draft):
            self._note(GuardReason.LENGTH)
        elif self._draft[end:].strip() or not self._draft.startswith(text.rstrip()):
            self._note(GuardReason.SYNTAX)

    def _report(self, chosen: str) -> GuardReport:
        undefined = self._fit.undefined(chosen)
        if undefined:
            self._note(GuardReason.UNDEFINED_NAMES)
        if not self._fit.judged:
            self._note(GuardReason.UNKNOWN_LANGUAGE)
        if self._fit.exhausted:
            self._note(GuardReason.TOO_LARGE)
        return GuardReport(
            action=self._action(chosen),
            reasons=self._reasons,
            parses=self._fit.parses(chosen),
            undefined=undefined,
            dropped=max(0, self._written - len(chosen)),
        )

    def _action(self, chosen: str) -> GuardAction:
        if not chosen.strip():
            return GuardAction.ABSTAINED
        if GuardReason.OPEN in self._reasons:
            return GuardAction.CLOSED
        if set(self._reasons) - _REMARKS:
            return GuardAction.CUT
        return GuardAction.KEPT if self._fit.judged else GuardAction.OFF


def guarded(
    text: str,
    *,
    prefix: str,
    suffix: str = "",
    language: str | None = None,
    mode: Mode = Mode.BLOCK,
    ended: bool = True,
) -> tuple[str, GuardReport]:
    """What is left of everything that a model wrote, and what was done to it."""
    guard = Guard(Hole(prefix, suffix, language), mode, streams=False)
    guard.feed(text)
    guard.finish(ended)
    return guard.text, guard.report
