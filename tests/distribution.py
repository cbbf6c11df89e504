"""How tests are shared out among the processes of `pytest -n`.

A file's tests run in one process, since they share its fixtures. Those on real weights run in one process too, one after the
other: an engine uses every core, and what they measure would suffer. What takes long begins first.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling, Scheduling
from xdist.workermanage import WorkerController

_ENGINE = "engine"
_AHEAD = 2  # tests a process must have: it begins one when it knows the next, or that there is none


class ByFile(LoadGroupScheduling):  # type: ignore[misc] # xdist has no types
    """Like `--dist loadgroup`, but a test without a group is in its file's; and a process that dies ends nothing else."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        self._died: set[str] = set()

    def remove_node(self, node: WorkerController) -> str | None:
        """Hand what a process has left to the others; returns the test to be reported as failed, if any.

        A test in which a process died is run once more, in another one, and the run tells. xdist would hand out the groups
        that are done as well, in which nothing is left to run: whoever gets one waits for ever.
        """
        groups = self.assigned_work.pop(node)
        crashed: str | None = next(
            (test for tests in groups.values() for test, done in tests.items() if not done), None
        )
        if crashed is None:
            return None
        again = crashed not in self._died
        self._died.add(crashed)
        self._tell(f"the process of {crashed} died" + ("; it is run once more" if again else " again"))
        for scope, tests in groups.items():
            if not again and crashed in tests:
                tests[crashed] = True
            if not all(tests.values()):
                self.workqueue[scope] = tests
        for other in self.assigned_work:
            self._reschedule(other)
        return None if again else crashed

    def _tell(self, what: str) -> None:
        self.config.pluginmanager.get_plugin("terminalreporter").write_line(f"\n{what}")

    def _reschedule(self, node: WorkerController) -> None:
        """Give a process groups until it can go on: one of a single test would leave a new process waiting."""
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < _AHEAD:
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """What a process can't be told for it has just died is handed to the others by `remove_node`, in a moment."""
        with suppress(OSError):
            super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return group if group != nodeid else nodeid.split("::", 1)[0]


@pytest.hookimpl(optionalhook=True)  # there is none with `-p no:xdist`
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    return ByFile(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not hasattr(config, "workerinput"):
        return  # one process: in the order of the files
    for item in filter(_on_real_weights, items):
        item.add_marker(pytest.mark.xdist_group(_ENGINE))
    items.sort(key=_rank)


def _on_real_weights(item: pytest.Item) -> bool:
    return item.get_closest_marker("engine") is not None


def _rank(item: pytest.Item) -> int:
    """What takes minutes first, then what takes seconds."""
    if _on_real_weights(item):
        return 0
    return 1 if item.get_closest_marker("hf") or item.get_closest_marker("slow") else 2
