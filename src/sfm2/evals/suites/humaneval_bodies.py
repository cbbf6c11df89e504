"""HumanEval as an editor meets it: the body of a function is a hole, and the next task's whole function stands below it.

What multi-line holes in real files can't say, the tests of these do: whether a body that is written otherwise is right.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from sfm2.evals.items import Item
from sfm2.evals.suites import humaneval
from sfm2.evals.suites.task_files import spread

NAME = "humaneval-bodies"
MAX_LENGTH = 256
"""The most tokens of a completion."""


def load(data: Path | None, limit: int | None = None) -> list[Item]:
    """At most `limit` items (all, if None). Data and errors: see `humaneval.load`."""
    found = humaneval.load(data)
    return spread([_item(task, below) for task, below in pairwise([*found, found[0]])], limit)


def _item(task: Item, below: Item) -> Item:
    return replace(
        task,
        id=f"{task.id}/body",
        prefix=f"{task.prefix.rstrip()}\n    ",
        suffix=f"\n\n\n{below.prefix}{below.expected}",
        kind="block",
        expected=(task.expected or "").strip(),
        max_length=MAX_LENGTH,
        mode="block",
        as_prompt=False,
        path="tasks.py",
    )
