"""HumanEval infilling (Bavarian et al. 2022): a line or a random span is cut out of HumanEval's solutions; MIT licence.

There are 1,033 single lines, and 164 random spans in the light set. Each is sent as an editor would send it, which does not
know how much is missing: in mode `block`.

Not covered: as with HumanEval, any model may have seen the tasks in training, and several are cut from one solution.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sfm2.evals.items import Item
from sfm2.evals.suites.task_files import Published, Task, fetched, find, spread, tasks

MAX_LENGTH = 160
"""The most tokens of a completion."""
_AUTHORS = "https://raw.githubusercontent.com/openai/human-eval-infilling/master/data/"
_FIELDS = ("task_id", "prompt", "suffix", "canonical_solution", "test", "entry_point")


@dataclass(frozen=True)
class Infilling:
    """One of the sets."""

    NAME: str
    """The suite's name."""
    kind: str
    """The kind of its items."""
    file: str
    """The name of the authors' file."""
    sha256: str
    """The digest of that file."""

    def load(self, data: Path | None, limit: int | None = None) -> list[Item]:
        """At most `limit` tasks (all, if None), spread over the set, from `data` (a file, or a folder with it) or else from
        the authors' repository.

        Raises InvalidRequestError for another file, APIConnectionError when the download fails.
        """
        published = Published(self.file, _AUTHORS + self.file, self.sha256)
        path = fetched(published) if data is None else find(data, f"{self.file.removesuffix('.gz')}*")
        return [self._item(task) for task in spread(tasks(path, _FIELDS), limit)]

    def _item(self, task: Task) -> Item:
        return Item(
            id=task["task_id"],
            source=_solution(task["task_id"]),
            prefix=task["prompt"],
            suffix=task["suffix"],
            language="python",
            kind=self.kind,
            expected=task["canonical_solution"],
            max_length=MAX_LENGTH,
            test=f"{task['test']}\ncheck({task['entry_point']})\n",
            entry_point=task["entry_point"],
        )


SINGLE_LINE = Infilling(
    "infilling-single-line",
    "line",
    "HumanEval-SingleLineInfilling.jsonl.gz",
    "1277073e7ddce163ef68598c2bca777f688a53df99422f097e37362090f88e1f",
)
RANDOM_SPAN = Infilling(
    "infilling-random-span",
    "span",
    "HumanEval-RandomSpanInfillingLight.jsonl.gz",
    "1432250ecac0cb56e6f97f8faf0970419ef892a98fda7e1f5aa4c4b87209b760",
)


def _solution(name: str) -> str:
    """The HumanEval task whose solution a task was cut from: SingleLineInfilling/HumanEval/0/L1 -> HumanEval/0."""
    return "/".join(name.split("/")[1:3])
