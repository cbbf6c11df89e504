"""What the editor needs completed: the text around the hole, and everything else that the answer depends on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sfm2.lsp.documents import Document
from sfm2.lsp.languages import language_of
from sfm2.lsp.settings import EditorSettings
from sfm2.requests import build
from sfm2.syntax.window import trim
from sfm2.types import CompleteRequest, Language, Mode

_SENT = 40_000  # characters to send at most; more than any model here reads
_NEAR, _HEAD, _AFTER = (
    300_000,
    16_000,
    40_000,
)  # characters to read: before the hole, from the file's top, after the hole


@dataclass(frozen=True)
class Terms:
    """All that the answer depends on but the text."""

    uri: str
    path: str | None
    language: Language | None
    max_length: int
    mode: Mode | None
    adapter: str | None


@dataclass(frozen=True)
class Question:
    """A hole in a document, and how to fill it."""

    terms: Terms
    before: str
    """The whole text before the hole, with the document's line ends"""
    after: str
    """The whole text after the hole"""

    @cached_property
    def lf_before(self) -> str:
        """`before` with LF line ends."""
        return with_lf(self.before)

    @cached_property
    def lf_after(self) -> str:
        """`after` with LF line ends."""
        return with_lf(self.after)

    @cached_property
    def window(self) -> tuple[str, str]:
        """Prefix and suffix to send: the relevant part of a long text, with LF line ends, in valid Unicode."""
        before = self.before
        if len(before) > _HEAD + _NEAR:
            # The imports at the top and what is near the hole: the guard's own window chooses from it.
            before = before[: before.rfind("\n", 0, _HEAD) + 1] + before[-_NEAR:]
        prefix, suffix = trim(with_lf(before), with_lf(self.after[:_AFTER]), _SENT)
        return _sound(prefix), _sound(suffix)

    @property
    def request(self) -> CompleteRequest:
        """The request to submit. Raises `InvalidRequestError`."""
        prefix, suffix = self.window
        terms = self.terms
        return build(
            CompleteRequest,
            {
                "prefix": prefix,
                "suffix": suffix,
                "path": terms.path,
                "language": terms.language,
                "max_length": terms.max_length,
                "mode": terms.mode,
                "adapter": terms.adapter,
            },
        )


def ask_about(document: Document, before: str, after: str, settings: EditorSettings) -> Question:
    """The question for a hole in `document`: `before` and `after` are its text around the hole."""
    # The name is enough to detect the language; the folders are private.
    name = _sound(document.path.name) if document.path else None
    terms = Terms(document.uri, name, language_of(document), settings.max_length, settings.mode, settings.adapter)
    return Question(terms, before, after)


def with_lf(text: str) -> str:
    """`text` with LF line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def binary(text: str) -> bool:
    """Whether `text` is binary: it has a NUL character."""
    return "\x00" in text


def _sound(text: str) -> str:
    """Half a character, as an editor may have it for a moment, becomes U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
