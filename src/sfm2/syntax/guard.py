"""The guard: makes of what a model writes a completion that can be accepted as it is.

While text arrives, the rules (`rules/`) decide at the end of each line whether it belongs to the completion; the draft is
sent as soon as it parses in place and no rule can still cut it. At the end, the longest part that parses in place is kept.
If there is none, what is open is closed; if that does not help, the completion is empty.

Not covered: whether the code is right, and languages without a parser, whose completions are cut by the rules alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfm2.syntax.candidate_search import CandidateSearch, last_line
from sfm2.syntax.hole import Hole
from sfm2.syntax.rules import rules_for
from sfm2.syntax.rules.base import Draft, Restart
from sfm2.types import GuardAction, GuardReason, GuardReport, Mode

_REMARKS = frozenset({GuardReason.UNDEFINED_NAMES, GuardReason.UNKNOWN_LANGUAGE})  # reasons that change nothing


class Guard:
    """Takes one completion in pieces of any size. `feed` and `finish` return what can be sent of it.

    With `streams` false everything is returned by `finish`, and less is parsed. A text in an unknown language is returned at
    once, unless a rule can apply to it.
    """

    def __init__(self, hole: Hole, mode: Mode, *, streams: bool = True) -> None:
        self.ended = False
        """Whether the completion is over: what else the model writes is not part of it."""
        self.cut = False
        """Whether a rule ended the completion before the model did."""
        self.text = ""
        """The completion, once `finish` was called."""
        self.report = GuardReport()
        """What was done to the completion, once `finish` was called."""
        self._hole = hole
        self._mode = mode
        self._search = CandidateSearch(hole)
        self._rules = rules_for(hole, mode)
        self._streams = streams and not hole.suffix.strip()
        self._passes = not (self._search.has_parser or hole.words or hole.suffix.strip() or mode is Mode.LINE)
        self._draft = ""  # what belongs to the completion so far; line breaks are "\n"
        self._line = ""  # the line that is being written
        self._number = 0  # of that line
        self._written = 0  # characters that the model wrote
        self._sent = 0  # characters of the draft that were returned
        self._reasons: list[GuardReason] = []

    @property
    def cost(self) -> int:
        """Characters parsed so far."""
        return self._search.cost

    def feed(self, text: str) -> str:
        """Add what the model wrote next. Returns the text that can be sent now."""
        if self._passes:
            return self._pass(text)
        number = self._number
        for piece in re.findall(r"[^\n]*\n|[^\n]+", text):
            if self.ended:
                break
            self._written += len(piece)
            self._line += piece
            if piece.endswith("\n"):
                self._end_line(self._line[:-1].removesuffix("\r"), has_newline=True)
        return self._release() if self._number > number else ""

    def finish(self, model_stopped: bool = True) -> str:
        """Returns the rest that can be sent. `model_stopped`: the model ended by itself, not because of a limit."""
        unfinished = bool(self._line) and not model_stopped
        if self._line and not self.ended:
            self._end_line(self._line, has_newline=False)
        if not self.ended:
            self._finish_rules(model_stopped=model_stopped and self._fits(len(self._draft)))
        self.ended = True
        chosen = self._draft if self._passes else self._choose(unfinished and not self.cut)
        self.text = chosen.replace("\n", self._hole.newline)
        self.report = self._report(chosen)
        return self._send(chosen)

    # While text arrives.

    def _pass(self, text: str) -> str:
        text = self._line + text
        self._line = "\r" if text.endswith("\r") else ""  # it may be half of a line break
        self._draft += text.removesuffix("\r").replace("\r\n", "\n")
        self._written = len(self._draft)
        return self._send(self._draft) if self._streams else ""

    def _end_line(self, line: str, has_newline: bool) -> None:
        self._line = ""
        can_restart = self._sent == 0 and self._search.has_parser
        draft = Draft(
            line, len(self._draft), self._number, has_newline, self._fits, self._holds_code, can_restart=can_restart
        )
        self._draft += line + ("\n" if has_newline else "")
        self._number += 1
        for rule in self._rules:
            cut = rule.cut(draft)
            if cut is None:
                continue
            if isinstance(cut, Restart):
                self._restart(rule.reason)
            else:
                self._stop(max(cut, self._sent), rule.reason)
            return

    def _restart(self, reason: GuardReason) -> None:
        """Drop the draft: the completion begins with the next line."""
        self._note(reason)
        self._draft, self._number, self._rules = "", 0, rules_for(self._hole, self._mode)

    def _stop(self, cut: int, reason: GuardReason) -> None:
        self.ended = self.cut = True
        self._note(reason)
        self._draft = self._draft[:cut]
        self._finish_rules(model_stopped=False)

    def _finish_rules(self, model_stopped: bool) -> None:
        for rule in self._rules:
            end = rule.finish(model_stopped)
            if end is not None and self._sent <= end < len(self._draft):
                self._note(rule.reason)
                self._draft = self._draft[:end]
                self.cut = True

    def _release(self) -> str:
        """Lines that parse in place and that no rule can still cut."""
        if not self._streams or self.ended:
            return ""
        cuts = [cut for rule in self._rules if (cut := rule.tentative_cut()) is not None]
        end = len(self._draft[: min(cuts, default=len(self._draft))].rstrip())
        return self._send(self._draft[:end]) if end > self._sent and self._fits(end) else ""

    def _send(self, text: str) -> str:
        sent, self._sent = self._sent, max(self._sent, len(text))
        return text[sent:].replace("\n", self._hole.newline)

    def _fits(self, end: int) -> bool:
        return self._search.candidate(self._draft, end) is not None

    def _holds_code(self, end: int) -> bool:
        ends = self._search.ends(self._draft[:end], unfinished=False)
        return self._fits(end) or any(self._search.candidate(self._draft, at, strict=True) is not None for at in ends)

    # At the end.

    def _choose(self, unfinished: bool) -> str:
        """The completion: the first candidate there is, else what was sent. `unfinished`: the last line was cut off."""
        if not self._draft.strip():
            return ""
        found = next((text for text in self._candidates(unfinished) if text is not None), None)
        if found is None and not self._sent:
            self._note(GuardReason.SYNTAX)
        return found if found is not None else self._draft[: self._sent]

    def _candidates(self, unfinished: bool) -> Iterator[str | None]:
        """Best first: what makes the file parse; what leaves it no worse than it was; what closes everything.

        In an editor the blocks around the cursor are not closed yet, and leaving them open is right. Generated code is
        closed instead, if possible.
        """
        yield self._longest(unfinished, strict=True)
        in_editor = self._mode in (Mode.LINE, Mode.BLOCK)
        if not in_editor:
            yield self._closed()
        yield self._longest(unfinished, strict=False)
        if in_editor:
            yield self._closed()

    def _longest(self, unfinished: bool, strict: bool) -> str | None:
        """The longest part of the draft that parses in place and includes what was sent."""
        for end in self._search.ends(self._draft, unfinished):
            if end < self._sent:
                break
            whole = end == len(self._draft) and not self.cut
            if (text := self._search.candidate(self._draft, end, whole, strict)) is not None:
                self._note_loss(text, end, unfinished)
                return text
        return None

    def _closed(self) -> str | None:
        """The draft with everything closed that it left open."""
        text = self._search.closed(self._draft)
        if text is not None:
            self._note(GuardReason.OPEN)
        return text

    # The report.

    def _note(self, reason: GuardReason) -> None:
        if reason not in self._reasons:
            self._reasons.append(reason)

    def _note_loss(self, text: str, end: int, unfinished: bool) -> None:
        """Note why the draft does not remain whole, if it does not."""
        lost = self._draft[end:].strip()
        if lost and unfinished and end == last_line(self._draft):
            self._note(GuardReason.LENGTH)
        elif lost or not self._draft.startswith(text.rstrip()):
            self._note(GuardReason.SYNTAX)

    def _report(self, chosen: str) -> GuardReport:
        undefined = self._search.undefined(chosen)
        if undefined:
            self._note(GuardReason.UNDEFINED_NAMES)
        if not self._search.has_parser:
            self._note(GuardReason.UNKNOWN_LANGUAGE)
        if self._search.exhausted:
            self._note(GuardReason.TOO_LARGE)
        return GuardReport(
            action=self._action(chosen),
            reasons=self._reasons,
            parses=self._search.parses(chosen),
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
        return GuardAction.KEPT if self._search.has_parser else GuardAction.OFF


def guarded(
    text: str,
    *,
    prefix: str,
    suffix: str = "",
    language: str | None = None,
    mode: Mode = Mode.BLOCK,
    model_stopped: bool = True,
) -> tuple[str, GuardReport]:
    """The completion that the guard makes of all that a model wrote, and its report."""
    guard = Guard(Hole(prefix, suffix, language), mode, streams=False)
    guard.feed(text)
    guard.finish(model_stopped)
    return guard.text, guard.report
