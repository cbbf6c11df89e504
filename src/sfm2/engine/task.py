"""What an engine process is started for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

VARIABLE = "SFM2_ENGINE_TASK"


class Task(BaseModel):
    """`cache_bytes`: memory for keys and values. `context`: tokens. `weights`: their SHA-256. `hole_form`: the prompt form
    of a hole that suits them; None when nobody has measured it."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    name: str
    weights: str
    preset: str
    device: str
    cache_bytes: int
    context: int
    max_requests: int
    hole_form: str | None


class Launch(BaseModel):
    """A task and where to serve it, as JSON in the environment. `socket`: a listening socket's file descriptor."""

    task: Task
    socket: int
    key: str
