"""`python -m docs.reference.languages` writes the files made from src/sfm2/languages.toml; `--check` says whether they are
up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
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
    return _TYPESCRIPT % {"notice": _NOTICE, "rows": "\n".join(_row(facts) for facts in languages.table().values())}


def languages_table() -> str:
    """For the page of the HTTP API."""
    head = ["Value", "Language", "File names", "Parsed by the guard with"]
    return table(head, ([code(facts.name), facts.label, _files(facts), _parser(facts)] for facts in _all()))


def _all() -> Iterator[LanguageFacts]:
    yield from languages.table().values()


def _files(facts: LanguageFacts) -> str:
    return ", ".join(map(code, (*facts.suffixes, *facts.file_names)))


def _parser(facts: LanguageFacts) -> str:
    if facts.name == "python":
        return "CPython's compiler"
    return "tree-sitter" if facts.grammar else "nothing"


def _row(facts: LanguageFacts) -> str:
    indentation = "\t" if facts.indentation == "tab" else " " * facts.indentation
    ids = [facts.name, *facts.editor_ids]
    label, indentation, editor_ids = (json.dumps(value) for value in (facts.label, indentation, ids))
    return f"  {facts.name}: {{ label: {label}, indentation: {indentation}, editorIds: {editor_ids} }},"


_TYPESCRIPT = """\
// %(notice)s
// biome-ignore-all format: generated

export interface LanguageFacts {
  /** Its name for people. */
  label: string;
  /** One level of it in new code. */
  indentation: string;
  /** What editors call it, in lower case. */
  editorIds: readonly string[];
}

/** By the server's names, in the order in which they are listed for users. */
export const LANGUAGES = {
%(rows)s
} as const satisfies Record<string, LanguageFacts>;

export type Language = keyof typeof LANGUAGES;

const BY_EDITOR_ID = new Map<string, Language>(
  (Object.keys(LANGUAGES) as Language[]).flatMap((name) => LANGUAGES[name].editorIds.map((id) => [id, name] as const)),
);

/** The server's name for an editor's language; undefined for one that it does not know. */
export function serverLanguage(editorLanguage: string): Language | undefined {
  return BY_EDITOR_ID.get(editorLanguage.toLowerCase());
}
"""
FILES: dict[Path, Callable[[], str]] = {
    ROOT / "src" / "sfm2" / "types" / "language.py": names,
    ROOT / "editors" / "vscode" / "src" / "core" / "languages.ts": typescript,
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
