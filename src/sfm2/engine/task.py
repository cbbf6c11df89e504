"""What an engine process is started for."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

VARIABLE = "SFM2_ENGINE_TASK"


class AdapterFile(BaseModel):
    """A LoRA in PEFT's safetensors. What it adds is multiplied by `scale`; by the digest an exchanged one is noticed."""

    model_config = ConfigDict(frozen=True)

    path: Path
    digest: str
    scale: float


class Task(BaseModel):
    """`cache_bytes`: memory for the keys and values of a pipeline. `context`: tokens. `weights`: their SHA-256. `hole_form`:
    the prompt form of a hole that suits them; None when nobody has measured it. `adapter` is loaded first, and with
    `base_too` the base alone right after it; of all, `most_pipelines` at once, each adapter and the base alone counting as
    one."""

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
    adapter: AdapterFile | None = None
    base_too: bool = False
    most_pipelines: int = 1


class Launch(BaseModel):
    """A task and where to serve it, as JSON in the environment. `socket`: a listening socket's file descriptor."""

    task: Task
    socket: int
    key: str
