"""What vLLM is started with, as JSON in the environment of the process that keeps it; and its command line."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sfm2.engines.vllm.executable import clean

_KEPT_ADAPTERS = 8  # adapters that are kept in the machine's own memory


class VLLMSpec(BaseModel):
    """Which weights to run, and within what limits."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    command: tuple[str, ...]
    """What starts vLLM's server with these weights, up to its options."""
    weights: Path
    """A Hugging Face folder."""
    name: str
    """Of the weights."""
    context: int
    """Window of a request, in tokens."""
    requests: int
    """Requests that are worked on at once."""
    adapters: int
    """Adapters that may be in use at once."""
    rank: int
    """The largest rank of an adapter."""
    device: str
    """For people."""
    on_cpu: bool
    gpu: int | None = None
    """The number of the GPU; None: the first"""
    share: float | None = None
    """Of the GPU's memory; None: it has none"""
    cache: int | None = None
    """Bytes for keys and values; None: what the share leaves"""
    note: str = ""
    """Why it is not the device that was asked for, if so."""
    adapter: str | None = None
    """The name of the one in use."""


class VLLMTask(BaseModel):
    """A server and where it serves."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    spec: VLLMSpec
    file: Path
    """The Unix socket to serve at, in a folder that is ours alone: vLLM asks for its key on some routes only."""
    key: str
    """What requests must carry as a bearer token."""


def command_line(spec: VLLMSpec, file: Path) -> list[str]:
    """The server's."""
    return [
        *spec.command,
        *("--served-model-name", spec.name),
        *("--uds", str(file)),
        *("--max-model-len", str(spec.context), "--max-num-seqs", str(spec.requests)),
        "--enable-prefix-caching",
        *("--enable-lora", "--max-lora-rank", str(spec.rank)),
        *("--max-loras", str(spec.adapters), "--max-cpu-loras", str(max(spec.adapters, _KEPT_ADAPTERS))),
        *("--scheduling-policy", "priority", "--enable-server-load-tracking"),
        *(("--gpu-memory-utilization", f"{spec.share:.4f}") if spec.share is not None else ()),
        *(("--kv-cache-memory-bytes", str(spec.cache)) if spec.cache is not None else ()),
        *(("--enforce-eager",) if spec.on_cpu else ()),  # compiling takes minutes there, at each start
        "--disable-uvicorn-access-log",
    ]


def environment(inherited: dict[str, str], spec: VLLMSpec, key: str) -> dict[str, str]:
    """The server's: the key, which others could read off a command line; and nothing that it sends or fetches."""
    ours = {
        "VLLM_API_KEY": key,
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    gpu = {} if spec.gpu is None else {"CUDA_VISIBLE_DEVICES": str(spec.gpu)}
    return {**clean(inherited), **ours, **gpu}
