"""How often right code is taken for code that names what exists nowhere: each such alarm is wrong.

    python -m benchmarks.unknown_names FOLDER [FOLDER ...]

Takes work trees, cuts holes out of their files (all of a file; lines, and blocks of lines), puts back what stood there as if
it were a completion, and judges it with an index of the tree. No model is asked. Takes minutes. Times are a processor's, for
holes that are not a whole file.

Then names in imports are changed into such as exist nowhere: how many of them are found.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sfm2 import languages
from sfm2.corpus.holes import HoleSpan
from sfm2.corpus.text_holes import UnparsedFile
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.unknown.files import IndexedFiles
from sfm2.repository.unknown.judging import unknown_names

KINDS = ("line", "rest", "block")
LANGUAGES = ("python", "javascript", "typescript", "tsx", "go")
SEED = 1
MOST = 2_000  # holes of a folder
INVENTED = 300  # names of a folder


def main(folders: list[str]) -> None:
    """Print the alarms of each folder, and what they cost."""
    for folder in folders:
        with TemporaryDirectory() as state, RepositoryIndex.open(Path(folder), Path(state) / "index.db") as index:
            index.update()
            _measure(index)
            _invent(index)


def _measure(index: RepositoryIndex) -> None:
    holes: Counter[str] = Counter()
    alarms: Counter[str] = Counter()
    seconds: list[float] = []
    for path, language, text, hole in _holes(index):
        started = time.thread_time()
        found = unknown_names(
            IndexedFiles(index, {path}),
            *(text[: hole.start], text[hole.start : hole.end], text[hole.end :]),
            language=language,
            own=path,
        )
        if hole.end - hole.start < len(text):
            seconds.append(time.thread_time() - started)
        holes[language] += 1
        if found:
            alarms[language] += 1
            line = text.count("\n", 0, hole.start) + 1
            print(f"  {path}:{line}: {', '.join(found)}", flush=True)
    seconds.sort()
    for language, count in holes.items():
        wrong = alarms[language]
        print(
            f"{index.root.name}, {language}: {wrong} of {count} holes, {1000 * wrong / count:.2f} of 1,000", flush=True
        )
    middle, most = seconds[len(seconds) // 2], seconds[int(0.99 * len(seconds))]
    print(
        f"{index.root.name}: {middle * 1000:.1f} ms, 99 % within {most * 1000:.1f} ms, most {seconds[-1] * 1000:.1f} ms"
    )


def _invent(index: RepositoryIndex) -> None:
    """Print how many invented names are found: each is the last of a line that imports, and the completion is that line."""
    found: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    places = [
        (path, one) for path in index.paths() if languages.of_path(path) in LANGUAGES for one in index.imports(path)
    ]
    for path, one in Random(SEED).sample(places, min(INVENTED, len(places))):
        lines = (index.text(path) or "").split("\n")
        name = one.names[-1] if one.names else re.findall(r"\w+", one.module)[-1]
        line = lines[one.line - 1]
        kind = f"{languages.of_path(path)}, {'name' if one.names else 'module'}"
        wrong = re.sub(rf"\b{re.escape(name)}\b(?!.*\b{re.escape(name)}\b)", f"{name}zqx", line)
        if wrong == line:
            continue  # the name is on another line
        before, after = "\n".join([*lines[: one.line - 1], ""]), "\n".join(["", *lines[one.line :]])
        names = unknown_names(
            IndexedFiles(index, {path}), before, wrong, after, language=languages.of_path(path), own=path
        )
        asked[kind] += 1
        found[kind] += bool(names)
    for kind, count in asked.items():
        print(f"{index.root.name}, invented, {kind}: {found[kind]} of {count} found")


def _holes(index: RepositoryIndex) -> list[tuple[str, str, str, HoleSpan]]:
    """Whole files, and a sample of the holes in them."""
    whole: list[tuple[str, str, str, HoleSpan]] = []
    found: list[tuple[str, str, str, HoleSpan]] = []
    random = Random(SEED)
    for path in index.paths():
        language, text = languages.of_path(path), index.text(path)
        if language in LANGUAGES and text is not None:
            file = UnparsedFile(text, languages.comment_pattern(language))
            whole.append((path, language, text, HoleSpan(0, len(text))))
            found += ((path, language, text, hole) for kind in KINDS for hole in file.holes(kind, random))
    return whole + random.sample(found, min(MOST, len(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
