"""What vLLM's `/metrics` say of its work."""

from __future__ import annotations

import re

from sfm2.engines.client import EngineWork

_RUNNING, _WAITING, _CACHE = "num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"
_WRITTEN = ("prompt_tokens_total", "generation_tokens_total")
_SAMPLE = re.compile(r"^vllm:(\w+)\{[^}]*\} (\S+)$", re.MULTILINE)


def work_in(metrics: str) -> EngineWork:
    """Over all engines behind the server; of the memory for keys and values, that of the fullest one."""
    waiting = int(sum(_values(metrics, _WAITING)))
    cache = max(_values(metrics, _CACHE), default=None)
    return EngineWork(int(sum(_values(metrics, _RUNNING))) + waiting, waiting, cache)


def progress_in(metrics: str) -> float:
    """A number that grows with each token that was read or written."""
    return sum(value for name in _WRITTEN for value in _values(metrics, name))


def _values(metrics: str, name: str) -> list[float]:
    return [float(value) for found, value in _SAMPLE.findall(metrics) if found == name]
