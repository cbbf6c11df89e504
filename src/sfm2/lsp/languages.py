"""From the editor's name for a language to ours. Pure."""

from __future__ import annotations

from sfm2.lsp.documents import Document
from sfm2.syntax import languages
from sfm2.types import Language

# Where editors differ from us, and from each other.
_BY_ID = {
    "javascriptreact": Language.JAVASCRIPT, "jsx": Language.JAVASCRIPT, "js": Language.JAVASCRIPT,
    "typescriptreact": Language.TYPESCRIPT, "tsx": Language.TYPESCRIPT, "ts": Language.TYPESCRIPT,
    "shellscript": Language.BASH, "sh": Language.BASH, "zsh": Language.BASH, "shell script": Language.BASH,
    "c++": Language.CPP, "c-sharp": Language.CSHARP, "c#": Language.CSHARP, "cs": Language.CSHARP,
    "jsonc": Language.JSON, "golang": Language.GO, "mysql": Language.SQL, "plsql": Language.SQL,
}  # fmt: skip
_OURS = {str(language): language for language in Language}
_SAYS_NOTHING = {"", "plaintext", "text", "plain text", "fundamental"}


def language_of(document: Document) -> Language | None:
    """The document's language by the editor's name for it, else by the file's name; None if neither says anything.

    A language that we don't know is `text`.
    """
    name = document.language_id.lower()
    if name in _SAYS_NOTHING:
        return languages.of_path(document.path.name) if document.path else None
    by_path = languages.of_path(document.path.name) if document.path else None
    return _OURS.get(name) or _BY_ID.get(name) or by_path or Language.TEXT
