"""How `sfm2 serve` passes its settings to its worker processes: as JSON in one environment variable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sfm2.config import Settings

VARIABLE = "SFM2_SETTINGS"


def encode(settings: Settings) -> str:
    """The settings as JSON, with secrets in the clear: only for the environment of our own processes."""
    return json.dumps(settings.model_dump(), default=_plain)


def read(environment: Mapping[str, str]) -> Settings | None:
    """The settings in `environment`; None if there are none."""
    text = environment.get(VARIABLE)
    return Settings.model_validate_json(text) if text else None


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} in the settings has no JSON form")
