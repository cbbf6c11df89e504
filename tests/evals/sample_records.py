"""Sample records and results files, written by hand or drawn from a simulated model."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sfm2.evals.items import Record
from sfm2.evals.results import Results, read

WEIGHTS = "ab" * 32


def record(name: str, **known: Any) -> Record:
    """The record of a completed block without measures, except those in `known`."""
    plain: dict[str, Any] = {
        "id": name,
        "source": name,
        "kind": "block",
        "language": "python",
        "completion": "return 1",
        "passed": None,
        "parses": True,
        "empty": False,
        "exact": None,
        "similarity": None,
        "stop": None,
        "confidence": 0.5,
        "calibrated": False,
        "features": {},
        "action": "kept",
        "reasons": [],
        "finish_reason": "stop",
        "tokens": 10,
        "seconds": 0.5,
        "model_used": "echo",
        "weights": WEIGHTS,
        "error": None,
    }
    return Record(**(plain | known))


def simulated(count: int, seed: int = 0, skill: float = 0.0, weights: str = WEIGHTS) -> list[Record]:
    """Records of a model whose first feature is informative; `skill` shifts the log-odds of a correct completion. A tenth
    of the completions are abstentions."""
    random = np.random.default_rng(seed)
    return [_simulated(f"item{index}", random, skill, weights) for index in range(count)]


def _simulated(name: str, random: np.random.Generator, skill: float, weights: str) -> Record:
    features = {"likelihood": random.normal(), "undefined": float(random.poisson(0.3))}
    empty = bool(random.random() < 0.1)
    chance = 1 / (1 + math.exp(-(skill + 2 * features["likelihood"] - features["undefined"])))
    passed = bool(not empty and random.random() < chance)
    stop = None if empty else str(random.choice(["exact", "over", "under"], p=[0.8, 0.12, 0.08]))
    return record(
        name,
        source=f"file{int(name[4:]) % 40}.py",
        completion="" if empty else "return 1",
        passed=passed,
        parses=bool(random.random() < 0.97),
        empty=empty,
        exact=bool(passed and random.random() < 0.7),
        similarity=1.0 if passed else float(random.random()),
        stop=stop,
        features=features,
        tokens=int(random.integers(5, 80)),
        seconds=float(random.gamma(2, 0.2)),
        weights=weights,
    )


def results_file(
    path: Path, records: Sequence[Record], suite: str = "repo", weights: str = WEIGHTS, **settings: Any
) -> Path:
    header = {
        "suite": suite,
        "settings": settings,
        "weights": weights,
        "version": "0.1.0",
        "started": "2026-01-02T03:04:05+00:00",
    }
    lines = [json.dumps(header), *(json.dumps(asdict(one)) for one in records)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def in_memory(records: Sequence[Record], suite: str = "repo", weights: str = WEIGHTS, **settings: Any) -> Results:
    """The results as they are read from a file."""
    with TemporaryDirectory() as folder:
        return read(results_file(Path(folder) / "made.jsonl", records, suite, weights, **settings))
