"""What vLLM's log says of how far it has come."""

from __future__ import annotations

import re

from sfm2.engines.supervision.reports import StepLine

_SHARE = re.compile(r"(\d+)%")
_STEPS = (
    ("checkpoint shards", "loading weights"),
    ("Starting to load model", "loading weights"),
    ("Capturing CUDA graph", "capturing CUDA graphs"),
    ("Dynamo bytecode transform", "compiling the model"),
    ("Compiling a graph", "compiling the model"),
    ("init engine", "starting vLLM's server"),
    ("Initializing a V1 LLM engine", "starting vLLM's engine"),
)
_ERROR = re.compile(r"^(?:.*\] |[\w.]+: )?((?:[\w.]+)?(?:Error|Exception)|error|vllm: error)\b:?\s*(.+)$")
_BORING = ("See root cause above", "Engine core initialization failed", "WorkerProc initialization failed")


def step_of(line: str) -> StepLine | None:
    """The step that a line of the log is of; None: of none that matters."""
    for mark, step in _STEPS:
        if mark in line:
            share = _SHARE.search(line)
            return StepLine(step=step, share=int(share[1]) / 100 if share and "%" in line else None)
    return None


def complaint_in(lines: list[str]) -> str:
    """The first error among them that says what is wrong: those after it follow from it; empty: there is none."""
    for line in lines:
        found = _ERROR.match(line)
        if found and not any(one in line for one in _BORING):
            return found[2].strip()
    return ""
