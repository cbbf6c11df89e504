"""The settings: what there is, and where it is read from."""

from sfm2.config.loading import (
    Loaded,
    default_file,
    file_in_use,
    flat,
    load,
    names,
    variable,
)
from sfm2.config.settings import (
    BACKENDS,
    ApiSettings,
    FallbackSettings,
    GenerationSettings,
    GPT2Settings,
    LimitSettings,
    LogSettings,
    ModelsSettings,
    OpenAISettings,
    Settings,
    Sfm2Settings,
    StorageSettings,
    is_loopback,
)
from sfm2.config.values import Size, UserPath, parse_size

__all__ = [
    "BACKENDS",
    "ApiSettings",
    "FallbackSettings",
    "GPT2Settings",
    "GenerationSettings",
    "LimitSettings",
    "Loaded",
    "LogSettings",
    "ModelsSettings",
    "OpenAISettings",
    "Settings",
    "Sfm2Settings",
    "Size",
    "StorageSettings",
    "UserPath",
    "default_file",
    "file_in_use",
    "flat",
    "is_loopback",
    "load",
    "names",
    "parse_size",
    "variable",
]
