"""How tests are shared out among the processes of `pytest -n`.

A file's tests run in one process, since they share its fixtures. Those on real weights run in one process too, one after the
other: an engine uses every core, and what they measure would suffer. What takes long begins first.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling, Scheduling

_ENGINE = "engine"


class ByFile(LoadGroupScheduling):  # type: ignore[misc] # xdist has no types
    """Like `--dist loadgroup`, but a test without a group belongs to its file's."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return group if group != nodeid else nodeid.split("::", 1)[0]


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
