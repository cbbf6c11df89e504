"""Presets: how weights are compressed, and with what properties they run."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

DEFAULT_PRESET = "int4"


class Preset(BaseModel):
    """`properties` go to OpenVINO, `scheduler` to its `SchedulerConfig`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    mode: str
    group_size: int
    ratio: float
    properties: dict[str, str]
    scheduler: dict[str, int | bool]

    @property
    def kv_bits(self) -> int:
        """Bits of a number of the keys and values."""
        return 8 if self.properties.get("KV_CACHE_PRECISION") == "u8" else 16

    @property
    def compression(self) -> str:
        """What a converted model depends on, as part of a folder's name."""
        return f"{self.mode}-g{self.group_size}-r{self.ratio:g}"


def preset(name: str = DEFAULT_PRESET) -> Preset:
    """The preset of that name in presets.toml. Raises `KeyError` for another name."""
    tables = tomllib.loads((files("sfm2.engines.openvino") / "presets.toml").read_text(encoding="utf-8"))
    return Preset(name=name, **tables[name])
