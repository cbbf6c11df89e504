"""The backends by name. Each is imported only when the chain names it."""

from __future__ import annotations

from sfm2.backends.base import Backend
from sfm2.config import Settings


def build(settings: Settings) -> list[Backend]:
    """The chain's backends, in order."""
    return [_build(name, settings) for name in settings.fallback.chain]


def _build(name: str, settings: Settings) -> Backend:
    if name == "sfm2":
        from sfm2.backends.sfm2 import SFM2

        return SFM2(settings)
    if name == "gpt2_lora":
        from sfm2.backends.gpt2_lora import GPT2LoRA

        return GPT2LoRA(settings.models.gpt2_lora)
    if name == "openai":
        from sfm2.backends.openai import OpenAI

        return OpenAI(settings.models.openai, settings.generation.timeout)
    from sfm2.backends.echo import Echo

    return Echo()
