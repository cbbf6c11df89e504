"""What an engine process is started for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

VARIABLE = "SFM2_ENGINE_TASK"


class Task(BaseModel):
    """`cache_bytes`: memory for keys and values. `context`: tokens. `fills_holes`: whether the weights are known to fill
    in the middle; None when nobody has measured it."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    name: str
    preset: str
    device: str
    cache_bytes: int
    context: int
    max_requests: int
    fills_holes: bool | None


class Launch(BaseModel):
    """A task and where to serve it, as JSON in the environment. `socket`: a listening socket's file descriptor."""

    task: Task
    socket: int
    key: str
