"""Settings: defaults < configuration file (JSON, as in the API reference) < environment < arguments.

The file is `--config`, else `SFM2_CONFIG`, else `config.json` in the user's configuration folder. It is never looked for in
the working directory: a repository must not decide where its reader's code is sent.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import BaseModel, ValidationError

from sfm2.config.settings import Settings
from sfm2.errors import ConfigError
from sfm2.validation import complaint, did_you_mean

_URL_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*(?=@)")
_MASK = r"\1:**********"
# Names that are promised and don't follow SFM2_<SECTION>_<KEY>, which works too.
_SPECIAL_VARIABLES = {
    "OPENAI_API_KEY": "models.openai.api_key",
    "OPENAI_BASE_URL": "models.openai.base_url",
    "SFM2_MODEL_PATH": "models.sfm2.path",
    "SFM2_LLAMA_SERVER": "models.sfm2.llama_server",
    "SFM2_VLLM": "models.sfm2.vllm",
    "SFM2_STORE_URL": "storage.url",
}
_SECRETS = {"models.openai.api_key", "storage.url"}
# Variables with our prefix that are no setting: the SDK's two, the file's place, and what `sfm2 serve` gives its workers.
_OTHER_VARIABLES = {
    *("SFM2_API_URL", "SFM2_API_KEY", "SFM2_CONFIG"),
    *(
        "SFM2_SETTINGS",
        "SFM2_ENGINE_NAME",
        "SFM2_ENGINE_URL",
        "SFM2_ENGINE_KEY",
        "SFM2_ENGINE_SOCKET",
        "SFM2_ENGINE_STATE",
    ),
}


@dataclass
class Loaded:
    """The effective settings."""

    settings: Settings
    origins: Mapping[str, str]
    """Where each setting came from, by its dotted name."""
    warnings: list[str]
    """Environment variables with our prefix that are no setting."""


def load(
    arguments: Mapping[str, Any] | None = None,
    *,
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Loaded:
    """The effective settings.

    `arguments` maps dotted names ("api.port") to values; None values are not given. Raises `ConfigError` for an unknown
    key (naming the nearest known one), a value out of range, or a file that is missing or not JSON.
    """
    environment = os.environ if environment is None else environment
    file = file_in_use(path, environment)
    named = path is not None or bool(environment.get("SFM2_CONFIG"))
    layers = [
        (str(file), _flatten(_read(file))) if named or file.is_file() else ("", {}),
        *((f"environment {name}", {key: value}) for name, key, value in _from_environment(environment)),
        ("argument", {key: value for key, value in (arguments or {}).items() if value is not None}),
    ]
    values: dict[str, Any] = {}
    origins = dict.fromkeys(names(), "default")
    for origin, layer in layers:
        for key, value in layer.items():
            if value == {} and _is_section(key):
                continue
            _check_known(key, origin)
            values[key] = value
            origins[key] = origin
    return Loaded(_build(values, origins), origins, list(_unknown_variables(environment)))


def names(model: type[BaseModel] = Settings, prefix: str = "") -> list[str]:
    """Every setting, dotted."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += names(field.annotation, f"{prefix}{name}.")
        else:
            found.append(prefix + name)
    return found


def flat(settings: Settings) -> dict[str, Any]:
    """Every setting by its dotted name, as JSON has it. Secrets are masked, also a password in a URL."""
    values = _flatten(settings.model_dump(mode="json"))
    return {name: _masked(value) for name, value in values.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(one) for one in value]
    return _URL_PASSWORD.sub(_MASK, value) if isinstance(value, str) else value


def variable(name: str) -> str:
    """The environment variable of a setting: api.port -> SFM2_API_PORT."""
    special = {key: var for var, key in _SPECIAL_VARIABLES.items()}
    return special.get(name) or "SFM2_" + name.replace(".", "_").upper()


def default_file() -> Path:
    return platformdirs.user_config_path("sfm2") / "config.json"


def file_in_use(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """The configuration file that is read, or would be: the one named, or the user's, which may not be there."""
    environment = os.environ if environment is None else environment
    if path is None and environment.get("SFM2_CONFIG"):
        path = Path(environment["SFM2_CONFIG"])
    return path or default_file()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read the configuration file {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{path} is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold a JSON object, not {type(content).__name__}")
    return content


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found |= _flatten(value, f"{prefix}{key}.") or {f"{prefix}{key}": value}
        else:
            found[prefix + key] = value
    return found


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    for key in names():
        if name := next((n for n in (variable(key), _plain_variable(key)) if environment.get(n)), None):
            yield name, key, environment[name]


def _plain_variable(key: str) -> str:
    return "SFM2_" + key.replace(".", "_").upper()


def _unknown_variables(environment: Mapping[str, str]) -> Iterator[str]:
    known = {_plain_variable(key) for key in names()} | {variable(key) for key in names()} | _OTHER_VARIABLES
    for name in sorted(environment):
        if name.startswith("SFM2_") and name not in known:
            yield f"the environment variable {name} is not a setting{did_you_mean(name, known)}"


def _is_section(key: str) -> bool:
    return any(name.startswith(key + ".") for name in names())


def _check_known(key: str, origin: str) -> None:
    known = names()
    if key in known:
        return
    if _is_section(key):
        raise ConfigError(f"{key} ({origin}) is a section: expected an object with settings in it")
    raise ConfigError(f"unknown setting {key} ({origin}){did_you_mean(key, known)}")


def _build(values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *path, last = key.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_named(error.errors()[0], origins)) from error


def _named(problem: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    """Such as `api.port (environment SFM2_API_PORT): input should be less than or equal to 65535, not '99999'`."""
    key = ".".join(part for part in problem["loc"] if isinstance(part, str))
    origin = next((origins[name] for name in origins if f"{key}.".startswith(f"{name}.")), "file")
    return f"{key} ({origin}): {complaint(problem, show_input=key not in _SECRETS)}"
