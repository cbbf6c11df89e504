"""Which names that a completion uses exist nowhere, in any language of which that can be told."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sfm2.repository.unknown.completed import Completed, completed
from sfm2.repository.unknown.files import Files
from sfm2.repository.unknown.go_names import unknown_in_go
from sfm2.repository.unknown.javascript_names import LANGUAGES, unknown_in_javascript
from sfm2.repository.unknown.packages import Packages, package_of
from sfm2.syntax.parsing.parsing_time import ParsingTime

_SCRIPT = "# /// script"  # a script that names its packages itself (PEP 723)


def unknown_names(
    files: Files,
    prefix: str,
    completion: str,
    suffix: str,
    *,
    language: str | None,
    own: str | None = None,
    mentioned: Collection[str] = (),
    time: ParsingTime | None = None,
) -> list[str]:
    """As they are written in the completion, each once. Empty in other languages than Python, JavaScript, TypeScript and Go.

    `own`: the path of the file in the repository, where it is known for sure; without it, only absolute imports of the
    repository's own modules are judged. `mentioned`: texts of files that may have been
    changed since they were saved; what they name is known. `time`: what parsing may take; what it runs out for is not told.
    """
    file, time = completed(prefix, completion, suffix), time or ParsingTime()
    if not completion.strip() or time.is_spent or "\r" in file.text or "\0" in file.text:
        return []
    found = dict.fromkeys(_found(files, file, language, own, time))
    return [name for name in found if not any(_last(name) in text for text in mentioned)]


def _found(files: Files, file: Completed, language: str | None, own: str | None, time: ParsingTime) -> Iterator[str]:
    try:
        if language == "python":
            with time.spending():
                yield from _in_python(files, file, own)
        elif language in LANGUAGES and own is not None:
            yield from _in_javascript(files, file, language, own, time)
        elif language == "go" and own is not None:
            yield from unknown_in_go(file, files, own, time)
    except TimeoutError:
        return


def _in_python(files: Files, file: Completed, own: str | None) -> Iterator[str]:
    from sfm2.repository.unknown.python_modules import PythonModules
    from sfm2.repository.unknown.python_names import unknown_in_python
    from sfm2.repository.unknown.python_uses import uses

    modules = PythonModules(files, own)
    found = uses(file, modules.is_own)
    if found is None:
        return
    yield from unknown_in_python(found, files, modules)
    packages = {package_of(module.name, "python") for module in found.modules if not module.level}
    if packages and own is not None and _SCRIPT not in file.text:
        known = Packages(files, own, "python")
        yield from sorted(package for package in packages if package and known.lacks(package))


def _in_javascript(files: Files, file: Completed, language: str, own: str, time: ParsingTime) -> Iterator[str]:
    if not any(mark in file.completion + file.before[-1_000:] for mark in ("import", "require", "export")):
        return
    from sfm2.repository.unknown.javascript_uses import uses
    from sfm2.syntax.parsing.grammars import grammar_for
    from sfm2.syntax.parsing.incremental_tree import IncrementalTree

    grammar = grammar_for(language, file.text, time)
    if grammar is None:
        return
    imported = uses(IncrementalTree(grammar, file.before, file.after, time).place(file.completion))
    yield from unknown_in_javascript(imported, files, own, time)
    packages = {package_of(one.module, "javascript") for one in imported if one.is_new}
    if any(packages):
        known = Packages(files, own, "javascript")
        yield from sorted(package for package in packages if package and known.lacks(package))


def _last(name: str) -> str:
    """What is looked for of a name in another text."""
    return name.rpartition("/" if "/" in name else ".")[2] or name
