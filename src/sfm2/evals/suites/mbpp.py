"""MBPP (Austin et al. 2021): write the function that a sentence describes; 974 tasks, CC-BY-4.0.

The prompt is the imports and the signature of the reference solution, with the sentence as docstring. The tests are not
shown, which makes ambiguous sentences hard; results are not comparable to those of prompts that show the tests.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

from sfm2.corpus.python_tree import parsed
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item
from sfm2.evals.suites.task_files import Task, find, spread, tasks

NAME = "mbpp"
MAX_LENGTH = 400
"""The most tokens of a completion."""
_FIELDS = ("task_id", "text", "code", "test_list", "test_setup_code")


def load(data: Path | None, limit: int | None = None) -> list[Item]:
    """At most `limit` tasks (all, if None), spread over the suite, from `data`: MBPP's file, or a folder with it.

    All splits are used. Raises InvalidRequestError without `data`, and when it is another file.
    """
    if data is None:
        raise InvalidRequestError(
            "mbpp: its file must be given as --data",
            suggestion="It is mbpp/mbpp.jsonl in github.com/google-research/google-research",
        )
    return [_item(task) for task in spread(tasks(find(data, "mbpp*.jsonl*"), _FIELDS), limit)]


def _item(task: Task) -> Item:
    name = f"MBPP/{task['task_id']}"
    function = _tested(name, task)
    return Item(
        id=name,
        source=name,
        prefix=_prompt(name, task, function),
        suffix="",
        language="python",
        kind="definition",
        max_length=MAX_LENGTH,
        mode="function",
        test="\n".join([task["test_setup_code"], *task["test_list"], ""]),
        entry_point=function.name,
        as_prompt=True,
    )


def _tested(name: str, task: Task) -> ast.FunctionDef:
    """The function of the reference solution that the tests call."""
    functions = {node.name: node for node in _parsed(name, task["code"]).body if isinstance(node, ast.FunctionDef)}
    for test in task["test_list"]:
        for node in ast.walk(_parsed(name, test)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
                return functions[node.func.id]
    raise InvalidRequestError(f"{name}: its tests call no function of its solution", suggestion="Is it MBPP's file?")


def _parsed(name: str, code: str) -> ast.Module:
    tree = parsed(code)
    if tree is None:
        raise InvalidRequestError(f"{name}: does not parse: {code[:80]!r}", suggestion="Is it MBPP's file?")
    return tree


def _prompt(name: str, task: Task, function: ast.FunctionDef) -> str:
    body = _parsed(name, task["code"]).body
    imports = [ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    result = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    signature = f"def {function.name}({ast.unparse(function.args)}){result}:"
    head = [*imports, "", ""] if imports else []
    return "\n".join([*head, signature, f"    {_docstring(task['text'])}", ""])


def _docstring(text: str) -> str:
    quotes, text = '"""', text.strip()
    odd = quotes in text or "\\" in text or text.endswith('"')
    return json.dumps(text, ensure_ascii=False) if odd else f"{quotes}{text}{quotes}"
