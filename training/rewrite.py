"""Rewrite the functions of packages with the larger model: `python training/rewrite.py PACKAGES FOLDER --most 600`.

An adapter that is trained on hand-written code learns its authors' style and loses what instruction tuning gave (15
points of HumanEval, benchmarks/LOG.md). Text that a model wrote itself teaches where a hole ends and how to use the
suffix, and little else (Kim and Rush 2016, "Sequence-level knowledge distillation"). So each function keeps its author's
signature and docstring, and its body is what the 1.5B wrote under the guard. `sfm2 finetune data` then cuts holes into
the result.

`SFM2_MODELS_SFM2_MODEL` names the model. An interrupted run is resumed by the same command.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import hashlib
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

from sfm2.completer import AsyncCompleter
from sfm2.config import load
from sfm2.evals.asking import alone, in_process
from sfm2.types import CompleteRequest, Completion

AT_ONCE = 16  # concurrent requests
LONGEST = 200  # tokens of a body
LEAST_CONFIDENCE = 0.2
_DOCSTRING = range(40, 600)  # characters
_FROM_TYPING = {
    "Any",
    "Callable",
    "Dict",
    "Iterable",
    "Iterator",
    "List",
    "Optional",
    "Sequence",
    "Set",
    "Tuple",
    "Union",
}
_BODY = range(2, 40)  # lines of the original: longer functions do too much, shorter ones only call another


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("packages", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--most", type=int, default=600)
    options = arguments.parse_args()
    asyncio.run(_rewrite(options.packages, options.folder, options.most))


async def _rewrite(packages: Path, folder: Path, most: int) -> None:
    """Rewrite functions in random order over all packages, until there are `most`."""
    heads = sorted((_digest(head), package, head) for package, head in _heads(packages))
    written = {path.stem for path in folder.rglob("*.py")}  # noqa: ASYNC240 nothing else runs yet
    asked = iter([found for found in heads if found[0] not in written])
    async with in_process(alone(load().settings)) as completer, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(_ask(asked, completer, folder, written, most))


async def _ask(
    asked: Iterator[tuple[str, Path, str]], completer: AsyncCompleter, folder: Path, written: set[str], most: int
) -> None:
    while len(written) < most and (found := next(asked, None)):
        name, package, head = found
        request = CompleteRequest(prefix=head, language="python", max_length=LONGEST, temperature=0)
        completion = await completer.submit(request)
        if _is_good(completion):
            path = folder / package.name / f"{name}.py"
            _keep_licence(package, path.parent)
            path.write_text(head + completion.completion.rstrip() + "\n", encoding="utf-8")
            written.add(name)
            print(path, flush=True)


def _digest(head: str) -> str:
    return hashlib.sha256(head.encode()).hexdigest()[:16]


def _is_good(found: Completion) -> bool:
    """Whether the completion is finished, parses, uses no undefined names, and has enough confidence."""
    return (
        found.finish_reason == "stop"
        and bool(found.guard.parses)
        and not found.guard.undefined
        and found.completion.strip() not in ("", "pass", "...")
        and found.confidence >= LEAST_CONFIDENCE
    )


def _keep_licence(package: Path, folder: Path) -> None:
    """Copy the package's metadata with its licence, as signature and docstring are the author's."""
    folder.mkdir(parents=True, exist_ok=True)
    for info in package.glob("*.dist-info"):
        shutil.copytree(info, folder / info.name, dirs_exist_ok=True)


def _heads(packages: Path) -> Iterator[tuple[Path, str]]:
    for package in sorted(path for path in packages.iterdir() if path.is_dir()):
        seen: set[str] = set()
        for path in sorted(package.rglob("*.py")):
            for head in _of_file(path.read_text(encoding="utf-8", errors="ignore")):
                if head not in seen:
                    seen.add(head)
                    yield package, head


def _of_file(text: str) -> Iterator[str]:
    """The signature and docstring of each top-level function that has both and a body of suitable length."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    lines = text.splitlines(keepends=True)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or len(ast.get_docstring(node) or "") not in _DOCSTRING:
            continue
        docstring = node.body[0]
        if (
            docstring.end_lineno is None
            or node.end_lineno is None
            or node.end_lineno - docstring.end_lineno not in _BODY
        ):
            continue
        yield _typing(node) + textwrap.dedent("".join(lines[node.lineno - 1 : docstring.end_lineno]))


def _typing(node: ast.FunctionDef) -> str:
    """The import from `typing` that the signature's annotations need, or nothing."""
    used = {
        name.id for part in (node.args, node.returns) if part for name in ast.walk(part) if isinstance(name, ast.Name)
    }
    names = sorted(used & _FROM_TYPING)
    return f"from typing import {', '.join(names)}\n\n\n" if names else ""


if __name__ == "__main__":
    main()
