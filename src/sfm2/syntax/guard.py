"""The guard: makes of what a model writes a completion that can be accepted as it is.

While text arrives, the rules (`rules/`) decide at the end of each line whether it belongs to the completion; the draft is
sent as soon as it parses in place and no rule can still cut it. At the end, the longest part that parses in place is kept.
If there is none, what is open is closed; if that does not help, the completion is empty.

Not covered: whether the code is right. In languages without a parser completions are cut by the rules alone, and so they are
once the time for parsing is spent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sfm2.syntax.candidate_search import CandidateSearch, Soundness, last_line
from sfm2.syntax.hole import Hole
from sfm2.syntax.indentation import Outdent
from sfm2.syntax.parsing.parsing_time import ParsingTime
from sfm2.syntax.rules import rules_for
from sfm2.syntax.rules.base import Draft, Restart
from sfm2.types import GuardAction, GuardReason, GuardReport, Mode

_REMARKS = frozenset({GuardReason.UNDEFINED_NAMES, GuardReason.UNKNOWN_LANGUAGE})  # reasons that change nothing


class Guard:
    """Takes one completion in pieces of any size. `feed` and `finish` return what can be sent of it.

    With `streams` false everything is returned by `finish`, and less is parsed. `is_sure`: whether the model was sure of the
    first so many characters that it wrote; what a doubtful parser refuses is kept only then. `is_unsure`: whether it was
    unsure of those from one to another. `time`: what parsing may take.
    """

    def __init__(
        self,
        hole: Hole,
        mode: Mode,
        *,
        streams: bool = True,
        is_sure: Callable[[int], bool] = lambda _: False,
        is_unsure: Callable[[int, int], bool] = lambda _start, _end: False,
        time: ParsingTime | None = None,
    ) -> None:
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
        self._search = CandidateSearch(hole, time)
        self._rules = rules_for(hole, mode)
        self._outdent = Outdent(hole)
        self._streams = streams
        self._is_sure = is_sure
        self._is_unsure = is_unsure
        self._draft = ""  # what belongs to the completion so far; line breaks are "\n"
        self._line = ""  # the line that is being written
        self._number = 0  # of that line
        self._line_at = 0  # characters that the model wrote before it
        self._written = 0  # characters that the model wrote
        self._sent = 0  # characters of the draft that were returned
        self._reasons: list[GuardReason] = []

    @property
    def cost(self) -> int:
        """Characters parsed so far."""
        return self._search.cost

    def feed(self, text: str) -> str:
        """Add what the model wrote next. Returns the text that can be sent now."""
        number = self._number
        for piece in re.findall(r"[^\n]*\n|[^\n]+", text):
            if self.ended:
                break
            if not self._line:
                self._line_at = self._written
            self._written += len(piece)
            self._line += piece
            if piece.endswith("\n"):
                self._end_line(self._line[:-1].removesuffix("\r"), has_newline=True)
        released = self._release() if self._number > number else ""
        return released + self._release_line() if not self._search.has_parser else released

    def finish(self, model_stopped: bool = True) -> str:
        """Returns the rest that can be sent. `model_stopped`: the model ended by itself, not because of a limit."""
        unfinished = bool(self._line) and not model_stopped
        if self._line and not self.ended:
            self._end_line(self._line, has_newline=False)
        if not self.ended:
            self._finish_rules(model_stopped=model_stopped and self._fits(len(self._draft)))
        self.ended = True
        chosen = self._choose(unfinished and not self.cut)
        self.text = chosen.replace("\n", self._hole.newline)
        self.report = self._report(chosen)
        return self._send(chosen)

    # While text arrives.

    def _end_line(self, line: str, has_newline: bool) -> None:
        self._line, line = "", self._outdent.line(line)
        can_restart = self._sent == 0
        draft = Draft(
            *(line, len(self._draft), self._number, has_newline),
            *(self._fits, self._is_sound, self._holds_code, self._open_unseen),
            is_unsure=self._is_unsure(self._line_at, self._written),
            can_restart=can_restart,
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
        least = Soundness.SOUND if self._hole.suffix.strip() else Soundness.NO_WORSE
        fits = end > self._sent and self._search.candidate(self._draft, end, least=least) is not None
        return self._send(self._draft[:end]) if fits else ""

    def _release_line(self) -> str:
        """Without a parser, the beginning of the line that is being written, if no rule can cut before it."""
        waits = not self._streams or self.ended or self._sent < len(self._draft.rstrip())
        if waits or not self._line.strip() or any(rule.may_cut_at(self._line) for rule in self._rules):
            return ""
        return self._send(self._draft + self._outdent.beginning(self._line).rstrip())

    def _send(self, text: str) -> str:
        sent, self._sent = self._sent, max(self._sent, len(text))
        return text[sent:].replace("\n", self._hole.newline)

    def _fits(self, end: int) -> bool:
        return self._search.candidate(self._draft, end) is not None

    def _is_sound(self, end: int) -> bool:
        return self._search.candidate(self._draft, end, least=Soundness.SOUND) is not None

    def _holds_code(self, end: int) -> bool:
        if not self._search.has_parser:
            return bool(self._draft[:end].strip())
        ends = self._search.ends(self._draft[:end], unfinished=False)
        return self._fits(end) or any(self._search.candidate(self._draft, at, least=Soundness.SOUND) for at in ends)

    def _open_unseen(self, end: int) -> int:
        return self._search.open_unseen(self._draft[:end])

    # At the end.

    def _choose(self, unfinished: bool) -> str:
        """The completion: the first candidate there is, else what was sent. `unfinished`: the last line was cut off."""
        if not self._draft.strip():
            return ""
        judged, reasons = self._search.has_parser, self._reasons.copy()
        found = next((text for text in self._candidates(unfinished) if text is not None), None)
        if judged and not self._search.has_parser:  # the time ran out on the way: what came of it is no judgement
            self._reasons = reasons
            found = self._longest(unfinished, Soundness.NO_WORSE)
        if found is None and not self._sent:
            found = self._doubted(unfinished)
        if found is None and not self._sent:
            self._note(GuardReason.SYNTAX)
        return found if found is not None else self._draft[: self._sent]

    def _candidates(self, unfinished: bool) -> Iterator[str | None]:
        """Best first: what makes the file parse; what leaves it no worse than it was; what closes everything.

        In an editor the blocks around the cursor are not closed yet, and leaving them open is right. Generated code is
        closed instead, if possible.
        """
        yield self._longest(unfinished, Soundness.CLEAN)
        yield self._longest(unfinished, Soundness.SOUND)
        in_editor = self._mode in (Mode.LINE, Mode.BLOCK)
        if not in_editor:
            yield self._closed()
        yield self._longest(unfinished, Soundness.NO_WORSE)
        if in_editor:
            yield self._closed()

    def _longest(self, unfinished: bool, least: Soundness) -> str | None:
        """The longest part of the draft that parses in place and includes what was sent."""
        for end in self._search.ends(self._draft, unfinished):
            if end < self._sent:
                continue
            whole = end == len(self._draft) and not self.cut
            if (text := self._search.candidate(self._draft, end, whole, least)) is not None:
                self._note_loss(text, end, unfinished)
                return text
        return None

    def _closed(self) -> str | None:
        """The draft with everything closed that it left open."""
        text = self._search.closed(self._draft)
        if text is not None:
            self._note(GuardReason.OPEN)
        return text

    def _doubted(self, unfinished: bool) -> str | None:
        """What the parser refuses and is kept all the same, because the parser is doubted."""
        if self._hole.language_is_guess:
            self._search.distrust()
            return self._longest(unfinished, Soundness.NO_WORSE)
        text = self._search.unjudged(self._draft)
        if text is None or not self._is_sure(len(text)):
            return None
        self._note(GuardReason.UNJUDGED)
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
        parses = None if GuardReason.UNJUDGED in self._reasons else self._search.parses(chosen)
        if not self._search.has_parser and not self._search.is_too_large:
            self._note(GuardReason.UNKNOWN_LANGUAGE)
        if self._search.exhausted or self._search.is_too_large:
            self._note(GuardReason.TOO_LARGE)
        return GuardReport(
            action=self._action(chosen),
            reasons=self._reasons,
            parses=parses,
            undefined=undefined,
            dropped=max(0, self._written - len(chosen)),
        )

    def _action(self, chosen: str) -> GuardAction:
        if not chosen.strip():
            return GuardAction.ABSTAINED
        if GuardReason.UNJUDGED in self._reasons:
            return GuardAction.OFF
        if GuardReason.OPEN in self._reasons:
            return GuardAction.CLOSED
        unjudged = {GuardReason.TOO_LARGE} if self._search.is_too_large else set[GuardReason]()
        if set(self._reasons) - _REMARKS - unjudged:
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
    sure: bool = False,
    time: ParsingTime | None = None,
) -> tuple[str, GuardReport]:
    """The completion that the guard makes of all that a model wrote, and its report. `sure`: the model was."""
    guard = Guard(Hole(prefix, suffix, language), mode, streams=False, is_sure=lambda _: sure, time=time)
    guard.feed(text)
    guard.finish(model_stopped)
    return guard.text, guard.report
