"""The language of an editor's document, by the language table. Pure."""

from __future__ import annotations

from sfm2 import languages
from sfm2.lsp.documents import Document
from sfm2.types import Language


def language_of(document: Document) -> Language | None:
    """By the editor's name for it, else by the file's name.

    None for a plain text or a nameless language whose file name says nothing either: its look may say more. `text` for a
    language that SFM-2 does not know, which must not be taken for another one.
    """
    by_path = languages.of_path(document.path.name) if document.path else None
    named = languages.of_editor_id(document.language_id)
    if not document.language_id or named is Language.TEXT:
        return by_path
    return named or by_path or Language.TEXT
