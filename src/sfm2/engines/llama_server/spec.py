"""What llama.cpp's server is started with, as JSON in the environment of the process that keeps it; and its command line."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

HOST = "127.0.0.1"


class LlamaSpec(BaseModel):
    """Which weights to run, and within what limits."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    binary: Path
    weights: Path
    """The GGUF file."""
    name: str
    """Of the weights."""
    context: int
    """Window of a request, in tokens."""
    slots: int
    """Requests that are worked on at once, each with a window of its own."""
    devices: tuple[str, ...] | None
    """Which ones to put the model on; none of them: the CPU; None: what llama.cpp chooses"""
    device: str
    """What that is, for people."""
    note: str = ""
    """Why it is not the device that was asked for, if so."""
    folder: Path | None = None
    """Where the adapters are; None: there are none"""
    adapters: tuple[str, ...] = ()
    """The files in it."""
    adapter: str | None = None
    """The name of the one in use."""


class LlamaTask(BaseModel):
    """A server and where it serves."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    spec: LlamaSpec
    port: int
    key: str
    """What requests must carry as a bearer token."""


def command_line(spec: LlamaSpec, port: int) -> list[str]:
    """The server's. It runs in `spec.folder`: a comma in a path would make two adapters of one."""
    return [
        str(spec.binary),
        *("--model", str(spec.weights)),
        *("--host", HOST, "--port", str(port)),
        *("--parallel", str(spec.slots), "--ctx-size", str(spec.slots * spec.context), "--cont-batching"),
        *("--cache-ram", "0"),  # what it keeps there, it gives to any adapter that asks for the same text
        *_devices(spec.devices),
        *_adapters(spec.adapters),
        *("--jinja", "--metrics", "--no-slots", "--no-webui"),
    ]


def environment(inherited: dict[str, str], key: str) -> dict[str, str]:
    """The server's: the key, which others could read off a command line, and none of the user's own settings for servers."""
    kept = {name: value for name, value in inherited.items() if not name.startswith("LLAMA_")}
    return {**kept, "LLAMA_API_KEY": key, "LLAMA_ARG_REUSE_PORT": "1"}


def _devices(devices: tuple[str, ...] | None) -> list[str]:
    if devices is None:
        return []
    return ["--device", ",".join(devices), "--n-gpu-layers", "999"] if devices else ["--device", "none"]


def _adapters(files: tuple[str, ...]) -> list[str]:
    """Loaded, but applied only to requests that say so."""
    return ["--lora-init-without-apply", *(part for file in files for part in ("--lora", file))] if files else []
