"""The tree-sitter grammars, each in a package of its own, imported when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import NamedTuple

from tree_sitter import Language


class Source(NamedTuple):
    module: str
    function: str = "language"


_SOURCES = {
    "python": Source("tree_sitter_python"),
    "javascript": Source("tree_sitter_javascript"),
    "typescript": Source("tree_sitter_typescript", "language_typescript"),
    "tsx": Source("tree_sitter_typescript", "language_tsx"),
    "java": Source("tree_sitter_java"),
    "go": Source("tree_sitter_go"),
    "rust": Source("tree_sitter_rust"),
    "c": Source("tree_sitter_c"),
    "cpp": Source("tree_sitter_cpp"),
    "csharp": Source("tree_sitter_c_sharp"),
    "ruby": Source("tree_sitter_ruby"),
    "php": Source("tree_sitter_php", "language_php"),
    "php-only": Source("tree_sitter_php", "language_php_only"),
    "bash": Source("tree_sitter_bash"),
    "sql": Source("tree_sitter_sql"),
    "html": Source("tree_sitter_html"),
    "css": Source("tree_sitter_css"),
    "json": Source("tree_sitter_json"),
    "yaml": Source("tree_sitter_yaml"),
    "toml": Source("tree_sitter_toml"),
}


def grammar_for(language: str, text: str) -> Language | None:
    """The grammar, or the dialect of it that `text` looks like; None when there is none, or it is not installed."""
    if language == "php" and "<?" not in text:
        language = "php-only"
    if language == "typescript" and ("</" in text or "/>" in text):
        language = "tsx"
    return _load(language) if language in _SOURCES else None


@cache
def _load(name: str) -> Language | None:
    source = _SOURCES[name]
    try:
        module = import_module(source.module)
    except ModuleNotFoundError:
        return None
    return Language(getattr(module, source.function)())
