"""What every engine process of ours is started with, as JSON in its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sfm2.engines.base import AdapterFile
from sfm2.prompts import PromptForm


class ServingSpec(BaseModel):
    """Which weights to run, and within what limits."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    folder: Path
    """The model in the form that the library reads."""
    name: str
    """Of the weights."""
    weights: str
    """SHA-256 of the weights."""
    device: str
    """As the settings name it."""
    context: int
    """Window in tokens."""
    max_requests: int
    """Requests that run or wait at once; more are refused."""
    prompt_form: PromptForm | None
    """How these weights fill holes best; None: not measured."""
    adapter: AdapterFile | None = None
    """The adapter to load first."""
    base_too: bool = False
    """Load the weights alone right after it."""
    max_pipelines: int = 1
    """Loaded at once; each adapter, and the weights alone, count as one."""


class ServingTask(BaseModel):
    """Where an engine serves."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    socket: int
    """File descriptor of a listening socket, inherited."""
    key: str
    """What requests must carry as a bearer token."""
