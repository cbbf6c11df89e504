"""Settings: defaults < configuration file (JSON, as in the API reference) < environment < arguments.

The file is `--config`, else `SFM2_CONFIG`, else `config.json` in the user's configuration folder. It is never looked for in
the working directory: a repository must not decide where its reader's code is sent.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from sfm2.errors import ConfigError

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_URL_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*(?=@)")
_MASK = r"\1:**********"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+")
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMG]?I?B?)\s*", re.IGNORECASE)


def parse_size(value: Any) -> Any:
    """ "8GB" -> 8000000000 bytes; "8GiB" counts in 1024s; numbers pass."""
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value)
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError('expected a size such as "8GB" or "512MiB"')
    return int(float(match[1]) * _UNITS[match[2].upper()])


def parse_list(value: Any) -> Any:
    """ "a, b" -> ["a", "b"], as an environment variable has it; lists pass."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def parse_origin(value: str) -> str:
    """As browsers send it: "https://Tools.example/" -> "https://tools.example"."""
    origin = value.rstrip("/").lower()
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise ValueError(
            'expected "*" or a scheme and a host such as "https://tools.example" or "http://localhost:5173"'
        )
    return origin


Size = Annotated[int, BeforeValidator(parse_size), Field(gt=0)]
UserPath = Annotated[Path, AfterValidator(Path.expanduser)]  # "~" is the user's home
Origin = Annotated[str, AfterValidator(parse_origin)]
_LISTED = BeforeValidator(parse_list)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class ApiSettings(_Section):
    host: str = Field("127.0.0.1", description="Address to serve on")
    port: int = Field(8000, ge=0, le=65535, description="0 takes a free port")
    workers: int = Field(1, ge=1, le=64, description="Server processes; all share one engine")
    shutdown_timeout: float = Field(20, ge=0, description="Seconds that running requests get after SIGTERM")
    require_key: bool | None = Field(None, description="Null: required as soon as a key has been created")
    allowed_origins: Annotated[tuple[Origin, ...], _LISTED] = Field(
        (), description='Web pages elsewhere that may ask, such as "https://tools.example"; "*" for all'
    )

    @property
    def url(self) -> str:
        """Where `sfm2 serve` with these settings is reached; with port 0 nobody can tell."""
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return f"http://{self.host}:{self.port}"
        host = "127.0.0.1" if address.is_unspecified else str(address)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


class Sfm2Settings(_Section):
    model: str = Field("qwen2.5-coder-0.5b", description="A name of `sfm2 models list`")
    path: UserPath | None = Field(None, description="A GGUF file, or a folder with one, in place of `model`")
    url: str | None = Field(None, description="A running llama.cpp server, in place of an engine of our own")
    device: str = Field("auto", description='"auto", "cpu", "gpu" or "npu" (Intel)')
    max_memory: Size | None = Field(None, description='Memory of the engine, such as "8GB"; null: what the model needs')
    context: int = Field(8192, ge=64, description="Window in tokens, prompt and completion together")
    max_adapters: int = Field(
        2,
        ge=1,
        description="Adapters in memory at once; each takes as much as the model, which counts as one without any",
    )
    max_requests: int = Field(64, ge=1, description="Requests in the engine at once; more are refused")
    auto_pull: bool = Field(False, description="Pull missing weights without asking")


class GPT2Settings(_Section):
    base_model: str = Field("gpt2-medium", description="A Hugging Face name or a folder")
    lora_path: UserPath | None = Field(None, description="A folder with a PEFT LoRA; null: backend not configured")
    device: str = Field("auto", description='"auto", "cpu" or "cuda"')


class OpenAISettings(_Section):
    api_key: SecretStr | None = Field(None, description="Better given as OPENAI_API_KEY")
    base_url: str | None = Field(None, description="Any OpenAI-compatible server; null: OpenAI's own")
    model: str = Field("gpt-4o-mini", description="The model to ask for")
    mode: Literal["chat", "completions"] = Field("chat", description="Which of the two protocols the model speaks")


class ModelsSettings(_Section):
    sfm2: Sfm2Settings = Sfm2Settings()
    gpt2_lora: GPT2Settings = GPT2Settings()
    openai: OpenAISettings = OpenAISettings()


class GenerationSettings(_Section):
    default_max_length: int = Field(100, ge=1, description="New tokens when a request does not say")
    default_temperature: float = Field(0.7, ge=0, le=2, description="Of `/generate`; 0 takes the likeliest token")
    complete_temperature: float = Field(0.0, ge=0, le=2, description="The same for /complete")
    default_top_p: float = Field(0.9, gt=0, le=1, description="Share of the likeliest tokens to draw from")
    default_top_k: int = Field(0, ge=0, description="So many likeliest tokens; 0 keeps all")
    default_repetition_penalty: float = Field(1.0, gt=0, le=2, description="1 is none")
    max_length: int = Field(2048, ge=1, description="The most new tokens a request may ask for")
    complete_context: int = Field(2048, ge=64, description="Tokens of prefix and suffix that /complete reads, about")
    timeout: float = Field(30, gt=0, description="Seconds one backend gets for one completion")


class FallbackSettings(_Section):
    chain: Annotated[tuple[Literal["sfm2", "gpt2_lora", "openai", "echo"], ...], _LISTED] = Field(
        ("sfm2", "gpt2_lora", "openai"), min_length=1, description="Backends in the order they are asked"
    )
    failures: int = Field(3, ge=1, description="Failures in a row that take a backend out of the chain")
    recovery: float = Field(5, gt=0, description="Seconds until it is tried again")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="A whole answer that is less sure goes on to the next backend; null: none does"
    )


class LimitSettings(_Section):
    rate: str | None = Field(
        None, description='Such as "100/minute", per key or address; null: none on loopback, 100/minute elsewhere'
    )
    rate_storage: str | None = Field(
        None, description="Where rates are counted, such as valkey://host:6379; null: locally"
    )
    max_body: Size = Field(2_000_000, description="Bytes of a request's body")
    max_prompt: int = Field(200_000, ge=1, description="Characters of a prompt, or of prefix and suffix together")
    max_batch: int = Field(64, ge=1, description="Prompts of one batch")


class StorageSettings(_Section):
    cache_dir: UserPath = Field(
        default_factory=lambda: platformdirs.user_cache_path("sfm2"), description="Weights, and what is made of them"
    )
    data_dir: UserPath = Field(
        default_factory=lambda: platformdirs.user_data_path("sfm2"), description="Keys and counters"
    )


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class LogSettings(_Section):
    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="The least that is written"
    )


class Settings(_Section):
    api: ApiSettings = ApiSettings()
    models: ModelsSettings = ModelsSettings()
    generation: GenerationSettings = GenerationSettings()
    fallback: FallbackSettings = FallbackSettings()
    limits: LimitSettings = LimitSettings()
    storage: StorageSettings = Field(default_factory=StorageSettings)
    log: LogSettings = LogSettings()

    @property
    def on_loopback(self) -> bool:
        return is_loopback(self.api.host)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# Names the API reference promises that don't follow SFM2_<SECTION>_<KEY>.
_SPECIAL_VARIABLES = {
    "OPENAI_API_KEY": "models.openai.api_key",
    "OPENAI_BASE_URL": "models.openai.base_url",
    "SFM2_MODEL_PATH": "models.sfm2.path",
}
_SECRETS = {"models.openai.api_key"}
# Variables with our prefix that are no setting: the SDK's two, the file's place, and what `sfm2 serve` gives its workers.
_OTHER_VARIABLES = {
    *("SFM2_API_URL", "SFM2_API_KEY", "SFM2_CONFIG"),
    *("SFM2_SETTINGS", "SFM2_ENGINE_URL", "SFM2_ENGINE_KEY", "SFM2_ENGINE_STATE"),
}


class Loaded:
    """Settings, and for each one (by dotted name) where it came from."""

    def __init__(self, settings: Settings, origins: Mapping[str, str], warnings: list[str]) -> None:
        self.settings = settings
        self.origins = origins
        self.warnings = warnings


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
    return {name: _URL_PASSWORD.sub(_MASK, v) if isinstance(v, str) else v for name, v in values.items()}


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
            yield f"the environment variable {name} is not a setting{_nearest(name, known)}"


def _is_section(key: str) -> bool:
    return any(name.startswith(key + ".") for name in names())


def _check_known(key: str, origin: str) -> None:
    known = names()
    if key in known:
        return
    if _is_section(key):
        raise ConfigError(f"{key} ({origin}) is a section: expected an object with settings in it")
    raise ConfigError(f"unknown setting {key} ({origin}){_nearest(key, known)}")


def _nearest(name: str, known: list[str] | set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


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
        raise ConfigError(_complaint(error.errors()[0], origins)) from error


def _complaint(error: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    """Such as `api.port (environment SFM2_API_PORT): Input should be less than or equal to 65535, not '99999'`."""
    key = ".".join(part for part in error["loc"] if isinstance(part, str))
    origin = next((origins[name] for name in origins if f"{key}.".startswith(f"{name}.")), "file")
    given = "" if key in _SECRETS else f", not {error['input']!r}"
    return f"{key} ({origin}): {error['msg'].removeprefix('Value error, ')}{given}"
