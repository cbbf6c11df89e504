"""What decides which text of a stream becomes the completion: the guard, or next to nothing."""

from __future__ import annotations

from typing import Protocol

from sfm2.explaining import Grounds, whole_sentences
from sfm2.types import GuardReason, GuardReport

MOST_SENTENCES = 2
"""Of an explanation that has facts beside it: what a small model adds after them is more often wrong than of use."""


class OutputFilter(Protocol):
    """Takes text as it arrives, returns text that is safe to show."""

    ended: bool
    """Whether the rest of the stream is not wanted."""
    cut: bool
    """Whether the filter ended the completion, rather than the model."""
    text: str
    """The completion so far."""
    report: GuardReport

    def feed(self, text: str) -> str:
        """More text of the stream; returns what may be shown."""
        ...

    def finish(self, model_stopped: bool = True) -> str:
        """The rest that may be shown. `model_stopped`: the model ended by itself, rather than at a limit."""
        ...


class NullFilter:
    """Passes everything."""

    def __init__(self) -> None:
        self.ended = self.cut = False
        self.text = ""
        self.report = GuardReport(reasons=[GuardReason.SWITCHED_OFF])

    def feed(self, text: str) -> str:
        """More text of the stream; returns what may be shown."""
        self.text += text
        return text

    def finish(self, model_stopped: bool = True) -> str:
        self.ended = True
        return ""


class TrimFilter(NullFilter):
    """Passes everything but the white space around it."""

    def __init__(self) -> None:
        super().__init__()
        self._blank = ""  # at the end of what has come

    def feed(self, text: str) -> str:
        """More text of the stream; returns what may be shown."""
        text = self._blank + text if self.text else text.lstrip()
        shown = text.rstrip()
        self._blank = text[len(shown) :]
        return super().feed(shown)


class SentenceFilter(TrimFilter):
    """Passes the first `MOST_SENTENCES` sentences of an explanation that agree with the code, each as soon as it is whole.

    A sentence that the model could not finish is left out if there is one before it. Where nothing is left, what was read
    off the code stands in its place.
    """

    def __init__(self, grounds: Grounds) -> None:
        super().__init__()
        self._grounds = grounds
        self._unfinished = ""
        self._kept = 0

    def feed(self, text: str) -> str:
        """More text of the stream; returns what may be shown."""
        *whole, self._unfinished = whole_sentences(self._unfinished + text)
        return "".join(map(self._judged, whole))

    def finish(self, model_stopped: bool = True) -> str:
        """The rest that may be shown."""
        is_whole = model_stopped or not self._kept
        shown = self._judged(self._unfinished) if is_whole else self._refused(self._unfinished)
        if not self._kept:
            shown = super().feed(self._grounds.reading)
        return shown + super().finish(model_stopped)

    def _judged(self, sentence: str) -> str:
        if self.ended or not sentence.strip():
            return ""
        if self._grounds.disagreements(sentence):
            return self._refused(sentence)
        self._kept += 1
        self.ended = self.cut = self._kept == MOST_SENTENCES
        return super().feed(sentence)

    def _refused(self, sentence: str) -> str:
        if not self.ended:
            self.report = self.report.model_copy(update={"dropped": self.report.dropped + len(sentence.strip())})
        return ""
