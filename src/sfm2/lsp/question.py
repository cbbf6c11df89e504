"""What is asked: the text around the hole, and everything else that changes the answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sfm2.lsp.documents import Document
from sfm2.lsp.languages import language_of
from sfm2.lsp.settings import EditorSettings
from sfm2.syntax.window import trim
from sfm2.types import Language, Mode

_SENT = 40_000  # characters sent at most; more than a model reads of them
_NEAR, _HEAD, _AFTER = 300_000, 16_000, 40_000  # characters looked at: before the hole, from the file's top, after it


@dataclass(frozen=True)
class Terms:
    """All but the text."""

    uri: str
    path: str | None
    language: Language | None
    max_length: int
    mode: Mode | None
    adapter: str | None


@dataclass(frozen=True)
class Question:
    """`before` and `after` are the whole text, with the document's own line ends."""

    terms: Terms
    before: str
    after: str

    @cached_property
    def lf_before(self) -> str:
        return with_lf(self.before)

    @cached_property
    def lf_after(self) -> str:
        return with_lf(self.after)

    @cached_property
    def window(self) -> tuple[str, str]:
        """Prefix and suffix as they are sent: of a long text the telling part, lines ended by LF, valid Unicode."""
        before = self.before
        if len(before) > _HEAD + _NEAR:
            # The imports at the top, then what is near: the guard's own window takes it from there.
            before = before[: before.rfind("\n", 0, _HEAD) + 1] + before[-_NEAR:]
        prefix, suffix = trim(with_lf(before), with_lf(self.after[:_AFTER]), _SENT)
        return _sound(prefix), _sound(suffix)


def ask_about(document: Document, before: str, after: str, settings: EditorSettings) -> Question:
    # The name is enough to tell the language; the folders are nobody's business.
    name = _sound(document.path.name) if document.path else None
    terms = Terms(document.uri, name, language_of(document), settings.max_length, settings.mode, settings.adapter)
    return Question(terms, before, after)


def with_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def binary(text: str) -> bool:
    """Whether no model can do anything with it."""
    return "\x00" in text


def _sound(text: str) -> str:
    """Half a character, as an editor may have it for a moment, becomes U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
