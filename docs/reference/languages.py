"""`python -m docs.reference.languages` writes the files made from src/sfm2/languages.toml; `--check` says whether they are
up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
from docs.reference.pages import code, table

from sfm2 import languages
from sfm2.languages import LanguageFacts

ROOT = Path(__file__).parents[2]
_NOTICE = "Made from src/sfm2/languages.toml by `make openapi`; not edited by hand."


def names() -> str:
    """The enumeration of `sfm2.types`, as Python that type checkers and editors can read."""
    members = [f'    {name.upper()} = "{name}"' for name in languages.table()]
    head = [
        f'"""The names of the languages. {_NOTICE}"""',
        "",
        "from enum import StrEnum",
        "",
        "",
        "class Language(StrEnum):",
        '    """Languages a request may name; `text` is anything else."""',
        "",
    ]
    return "\n".join([*head, *members, ""])


def typescript() -> str:
    """What editors need of each language."""
    return _TYPESCRIPT % {"notice": _NOTICE, "entries": "\n".join(map(_entry, languages.table().values()))}


def languages_table() -> str:
    """For the page of the HTTP API."""
    head = ["Value", "Language", "File names", "Parsed by the guard with"]
    rows = ([code(facts.name), facts.label, _files(facts), _parser(facts)] for facts in languages.table().values())
    return table(head, rows)


def _files(facts: LanguageFacts) -> str:
    return ", ".join(map(code, (*facts.suffixes, *facts.file_names)))


def _parser(facts: LanguageFacts) -> str:
    if facts.name == "python":
        return "CPython's compiler"
    return "tree-sitter" if facts.grammar else "nothing"


def _entry(facts: LanguageFacts) -> str:
    indentation = "\t" if facts.indentation == "tab" else " " * facts.indentation
    values = {
        "label": facts.label,
        "editorIds": facts.editor_ids,
        "suffixes": facts.suffixes,
        "indentation": indentation,
        "comment": next(iter(facts.line_comments), ""),
    }
    fields = ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items())
    return f"  {facts.name}: {{ {fields} }},"


_TYPESCRIPT = """\
/** The languages that the server knows, as editors and people call them. */
// %(notice)s
// biome-ignore-all format: generated
import type { Language } from "sfm2-client";

export interface LanguageEntry {
  /** For people. */
  readonly label: string;
  /** What editors call it besides our own name, in lower case. */
  readonly editorIds: readonly string[];
  /** Of file names, with their dot. */
  readonly suffixes: readonly string[];
  /** One level of it in new code. */
  readonly indentation: string;
  /** What begins a comment up to the line's end; "" where nothing does. */
  readonly comment: string;
}

export const LANGUAGES: Readonly<Record<Language, LanguageEntry>> = {
%(entries)s
};

const BY_EDITOR_ID: ReadonlyMap<string, Language> = new Map(
  (Object.entries(LANGUAGES) as [Language, LanguageEntry][]).flatMap(([name, { editorIds }]) =>
    [name, ...editorIds].map((id) => [id, name] as const),
  ),
);

/** The server's name of an editor's language; undefined: unknown, and the server looks at the path. */
export function languageOf(editorId: string): Language | undefined {
  return BY_EDITOR_ID.get(editorId.toLowerCase());
}
"""
FILES: dict[Path, Callable[[], str]] = {
    ROOT / "src" / "sfm2" / "types" / "language.py": names,
    ROOT / "editors" / "core" / "src" / "languages.ts": typescript,
}


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a file differs.")
def main(check: bool) -> None:
    """Write the files made from the table of languages."""
    stale = [path for path, made in FILES.items() if not path.is_file() or path.read_text(encoding="utf-8") != made()]
    if check and stale:
        files = ", ".join(str(path.relative_to(ROOT)) for path in stale)
        click.echo(f"{files} out of date; `python -m docs.reference.languages` writes what is generated", err=True)
        sys.exit(1)
    for path in stale:
        path.write_text(FILES[path](), encoding="utf-8")


if __name__ == "__main__":
    main()
