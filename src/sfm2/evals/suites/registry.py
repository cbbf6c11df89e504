"""The suites by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sfm2.evals.items import Item
from sfm2.evals.suites import commits, held_out, humaneval, humaneval_bodies, infilling, mbpp, repo

Loader = Callable[..., list[Item]]
"""A suite's `load(data, limit, ...)`."""

SUITES: dict[str, Loader] = {
    humaneval.NAME: humaneval.load,
    humaneval_bodies.NAME: humaneval_bodies.load,
    infilling.SINGLE_LINE.NAME: infilling.SINGLE_LINE.load,
    infilling.RANDOM_SPAN.NAME: infilling.RANDOM_SPAN.load,
    mbpp.NAME: mbpp.load,
    repo.NAME: repo.load,
    commits.NAME: commits.load,
    held_out.NAME: held_out.load,
}


def load(name: str, data: Path | None, limit: int | None, **options: Any) -> list[Item]:
    """The items of a suite. `options` are passed to its loader; errors are those of the loader."""
    return SUITES[name](data, limit, **options)
