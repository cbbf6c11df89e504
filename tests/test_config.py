"""Settings: where they come from, what wins, and what is wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import SecretStr

from sfm2.backends.base import Backend
from sfm2.config import (
    BACKENDS,
    BackendName,
    Loaded,
    Settings,
    file_in_use,
    flat,
    is_loopback,
    load,
    names,
    parse_size,
    variable,
)
from sfm2.core.registry import backend_class
from sfm2.errors import ConfigError

# As the API reference shows it.
SEED = {
    "api": {"host": "0.0.0.0", "port": 8000, "workers": 4},
    "models": {
        "sfm2": {"path": "/path/to/sfm2/model", "device": "cuda", "max_memory": "8GB"},
        "gpt2_lora": {"base_model": "gpt2-medium", "lora_path": "/path/to/lora/weights"},
    },
    "generation": {"default_max_length": 100, "default_temperature": 0.7, "timeout": 30},
}

Configured = Callable[..., Loaded]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def configured(home: Path) -> Configured:
    """`configured({"api": {...}}, {"api.port": 1}, SFM2_SOME="value")`: file, arguments, environment."""

    def configure(file: Any = None, arguments: dict[str, Any] | None = None, **environment: str) -> Loaded:
        path = home / "sfm2.json"
        path.write_text(file if isinstance(file, str) else json.dumps(file or {}))
        return load(arguments, path=path, environment=environment)

    return configure


def test_the_reference_s_file_means_what_it_says(configured: Configured) -> None:
    settings = configured(SEED).settings
    assert (settings.api.host, settings.api.port, settings.api.workers) == ("0.0.0.0", 8000, 4)
    assert settings.models.sfm2.path == Path("/path/to/sfm2/model")
    assert (settings.models.sfm2.device, settings.models.sfm2.max_memory) == ("cuda", 8_000_000_000)
    assert settings.models.gpt2_lora.base_model == "gpt2-medium"
    assert settings.models.gpt2_lora.lora_path == Path("/path/to/lora/weights")
    generation = settings.generation
    assert (generation.default_max_length, generation.default_temperature, generation.timeout) == (100, 0.7, 30)


def test_the_reference_s_variables_mean_what_they_say(configured: Configured) -> None:
    loaded = configured(
        OPENAI_API_KEY="sk-x", SFM2_MODEL_PATH="/path/to/sfm2/model", SFM2_API_PORT="8000", SFM2_LOG_LEVEL="INFO"
    )
    assert loaded.settings.models.openai.api_key == SecretStr("sk-x")
    assert loaded.settings.models.sfm2.path == Path("/path/to/sfm2/model")
    assert (loaded.settings.api.port, loaded.settings.log.level) == (8000, "INFO")
    assert loaded.origins["models.sfm2.path"] == "environment SFM2_MODEL_PATH"


def test_arguments_win_over_environment_over_file_over_defaults(configured: Configured, home: Path) -> None:
    file = {"api": {"port": 1, "workers": 2}, "generation": {"timeout": 3}}
    loaded = configured(file, {"api.port": 7, "api.host": None}, SFM2_API_PORT="5", SFM2_API_WORKERS="6")
    settings, origins = loaded.settings, loaded.origins
    assert (settings.api.port, origins["api.port"]) == (7, "argument")
    assert (settings.api.workers, origins["api.workers"]) == (6, "environment SFM2_API_WORKERS")
    assert (settings.generation.timeout, origins["generation.timeout"]) == (3, str(home / "sfm2.json"))
    assert (settings.api.host, origins["api.host"]) == ("127.0.0.1", "default")


def test_every_setting_has_an_origin_and_a_variable_of_its_own(configured: Configured) -> None:
    assert list(configured().origins) == names()
    assert len({variable(name) for name in names()}) == len(names())


@pytest.mark.parametrize("name", ["SFM2_MODEL_PATH", "SFM2_MODELS_SFM2_PATH"])
def test_a_setting_with_a_short_variable_has_the_long_one_too(configured: Configured, name: str) -> None:
    loaded = configured(**{name: "/some/file"})
    assert loaded.settings.models.sfm2.path == Path("/some/file")
    assert (loaded.origins["models.sfm2.path"], loaded.warnings) == (f"environment {name}", [])


def test_the_file_is_the_one_named_else_the_variable_s_else_the_user_s(home: Path) -> None:
    user = home / "config" / "sfm2" / "config.json"
    variable = {"SFM2_CONFIG": str(home / "variable.json")}
    assert file_in_use(environment={}) == user
    assert file_in_use(environment=variable) == home / "variable.json"
    assert file_in_use(home / "named.json", variable) == home / "named.json"


def test_the_user_s_file_is_read_when_it_is_there(home: Path) -> None:
    assert load(environment={}).settings.api.port == 8000
    user = file_in_use(environment={})
    user.parent.mkdir(parents=True)
    user.write_text('{"api": {"port": 9}}')
    assert load(environment={}).settings.api.port == 9


def test_a_file_that_is_named_must_be_there(home: Path) -> None:
    for missing in (home / "gone.json", file_in_use(environment={})):
        with pytest.raises(ConfigError, match=re.escape(f"{missing}: No such file")):
            load(path=missing, environment={})
        with pytest.raises(ConfigError, match="No such file"):
            load(environment={"SFM2_CONFIG": str(missing)})


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({"api": {"prot": 1}}, "unknown setting api.prot .*sfm2.json.*; did you mean api.port\\?"),
        ({"generation": {"max_len": 1}}, "did you mean generation.max_length"),
        ({"zzz": 1}, "unknown setting zzz [^;]*$"),
        ({"apii": {}}, "unknown setting apii"),
        ({"api": 5}, "api .* is a section: expected an object"),
        ({"api": {"port": {"number": 1}}}, "unknown setting api.port.number"),
        ('{"api": ', "is not valid JSON: .*line 1, column 9"),
        ("[]", "must hold a JSON object, not list"),
        ({"api": {"port": 99_999}}, "api.port .*sfm2.json.: .*65535, not 99999$"),
        ({"api": {"port": "many"}}, "api.port .*valid integer.*'many'"),
        ({"models": {"sfm2": {"max_memory": "much"}}}, "max_memory .*: expected a size such as \"8GB\".*, not 'much'$"),
        ({"models": {"sfm2": {"max_memory": "0GB"}}}, "greater than 0"),
        ({"fallback": {"chain": ["sfm3"]}}, "fallback.chain"),
        ({"fallback": {"chain": []}}, "fallback.chain"),
        ('{"generation": {"timeout": Infinity}}', "generation.timeout .*finite"),
        ('{"generation": {"default_temperature": NaN}}', "default_temperature"),
        ({"log": {"level": "LOUD"}}, "log.level .*DEBUG"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named_with_its_place(configured: Configured, file: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configured(file)


def test_a_wrong_value_is_blamed_on_the_setting_it_belongs_to(configured: Configured) -> None:
    # limits.rate is the beginning of limits.rate_storage's name.
    with pytest.raises(ConfigError, match=r"^limits\.rate_storage \(argument\)"):
        configured({"limits": {"rate": "1/second"}}, {"limits.rate_storage": 5})


def test_a_wrong_variable_is_named(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"api\.port \(environment SFM2_API_PORT\)"):
        configured(SFM2_API_PORT="x")


def test_an_unknown_argument_is_an_error(configured: Configured) -> None:
    with pytest.raises(ConfigError, match=r"unknown setting api.prot \(argument\)"):
        configured(None, {"api.prot": 1})


def test_a_file_that_is_not_utf_8(configured: Configured, home: Path) -> None:
    (home / "latin.json").write_bytes(b'{"api": "\xe9"}')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(path=home / "latin.json", environment={})


def test_a_byte_order_mark_is_no_error(home: Path) -> None:
    (home / "windows.json").write_text('{"api": {"port": 9}}', encoding="utf-8-sig")
    assert load(path=home / "windows.json", environment={}).settings.api.port == 9


def test_an_empty_section_says_nothing(configured: Configured) -> None:
    assert configured({"api": {}, "models": {"sfm2": {}}}).settings == configured().settings


def test_null_is_a_value_where_a_setting_may_be_absent(configured: Configured) -> None:
    loaded = configured({"models": {"sfm2": {"path": None}}})
    assert loaded.settings.models.sfm2.path is None
    assert loaded.origins["models.sfm2.path"].endswith("sfm2.json")


def test_a_variable_that_is_no_setting_is_a_warning(configured: Configured) -> None:
    loaded = configured(SFM2_API_PROT="1", SFM2_API_URL="http://x", SFM2_API_KEY="k", SFM2_CONFIG="", OTHER="1")
    assert loaded.warnings == ["the environment variable SFM2_API_PROT is not a setting; did you mean SFM2_API_PORT?"]


def test_an_empty_variable_is_not_set(configured: Configured) -> None:
    assert configured(SFM2_API_PORT="").settings.api.port == 8000


def test_a_chain_in_a_variable(configured: Configured) -> None:
    assert configured(SFM2_FALLBACK_CHAIN="sfm2, echo").settings.fallback.chain == ("sfm2", "echo")


@pytest.mark.parametrize("urls", ["http://a:1/, https://b/code", ["http://a:1", "https://b/code/"]])
def test_one_engine_by_url_or_several(configured: Configured, urls: str | list[str]) -> None:
    several = configured({"models": {"sfm2": {"url": urls}}}).settings
    assert several.models.sfm2.url == ("http://a:1", "https://b/code")
    one = configured(SFM2_MODELS_SFM2_URL="http://a:1").settings
    assert one.models.sfm2.url == ("http://a:1",)
    assert configured({"models": {"sfm2": {"url": None}}}).settings.models.sfm2.url is None


def test_the_address_that_openai_s_clients_want_is_taken_too(configured: Configured) -> None:
    urls = ["http://a:8000/v1/", "http://b/v10"]
    assert configured({"models": {"sfm2": {"url": urls}}}).settings.models.sfm2.url == ("http://a:8000", "http://b/v10")


@pytest.mark.parametrize("urls", ["localhost:8080", "ftp://a", ["http://a", ""], "", [], "http://a/?key=hidden"])
def test_what_is_no_engine_s_url(configured: Configured, urls: object) -> None:
    with pytest.raises(ConfigError, match=r"models\.sfm2\.url"):
        configured({"models": {"sfm2": {"url": urls}}})


def test_a_password_for_an_engine_is_not_shown(configured: Configured) -> None:
    urls = ["http://me:hidden@a:1", "http://b"]
    shown = flat(configured({"models": {"sfm2": {"url": urls}}}).settings)["models.sfm2.url"]
    assert shown == ["http://me:**********@a:1", "http://b"]


def test_a_log_level_in_small_letters(configured: Configured) -> None:
    assert configured(SFM2_LOG_LEVEL="debug").settings.log.level == "DEBUG"


def test_the_user_s_home_in_a_path(configured: Configured, home: Path) -> None:
    settings = configured({"models": {"sfm2": {"path": "~/model.gguf"}}}, SFM2_STORAGE_DATA_DIR="~/data").settings
    assert settings.models.sfm2.path == home / "model.gguf"
    assert settings.storage.data_dir == home / "data"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GB", 8_000_000_000),
        ("8GiB", 8 * 2**30),
        ("1.5 MB", 1_500_000),
        ("512kib", 524_288),
        ("100", 100),
        ("7B", 7),
        (42, 42),
    ],
)
def test_sizes(text: Any, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "8XB", "8 G B", "1e9"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("x.org", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert Settings.model_validate({"api": {"host": host}}).on_loopback is loopback


def test_no_secret_is_shown(configured: Configured) -> None:
    file = {
        "models": {"openai": {"api_key": "hidden", "base_url": "https://me:hidden@host/v1"}},
        "limits": {"rate_storage": "valkey://:hidden@host"},
    }
    loaded = configured(file)
    assert "hidden" not in str(flat(loaded.settings))
    assert "hidden" not in repr(loaded.settings.models.openai.api_key)
    assert flat(loaded.settings)["models.openai.base_url"] == "https://me:**********@host/v1"
    with pytest.raises(ConfigError) as caught:
        configured({"models": {"openai": {"api_key": ["hidden"]}}})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "valkey://host",
        "redis://:hidden@host:6379/3",
        "rediss://me:hidden@[::1]:6380?ssl_ca_certs=/etc/ca.pem",
        "unix:///run/valkey.sock?db=1",
        "unix://:hidden@/run/valkey.sock",
    ],
)
def test_a_store_has_a_url_whose_password_is_not_shown(configured: Configured, url: str) -> None:
    settings = configured({"storage": {"url": url}}).settings
    assert settings.storage.url == url
    assert "hidden" not in str(flat(settings)) + repr(settings)
    assert load(environment={"SFM2_STORE_URL": url}).settings.storage.url == url
    assert load(environment={"SFM2_STORAGE_URL": url}).settings.storage.url == url


@pytest.mark.parametrize(
    "url",
    [
        "host:6379",
        "http://:hidden@host",
        "valkey://",
        "unix://:hidden@",
        "valkey://:hidden@host:port",
        "valkey://:hid/hidden@host",
        "valkey://:12/hidden@host",
        "valkey://:12?hidden@host",
        "valkey://:12#hidden@host",
        "valkey://:hid@hidden@host",
        "valkey://:hid hidden@host",
        "valkey://host?password=hidden",
        "valkey://host?hidden",
    ],
)
def test_a_store_s_url_that_can_not_be_is_refused_and_not_shown(configured: Configured, url: str) -> None:
    with pytest.raises(ConfigError, match=r"storage\.url.*expected a URL such as") as caught:
        configured({"storage": {"url": url}})
    assert "hidden" not in str(caught.value)


def test_the_flat_form_has_every_setting_and_is_json(configured: Configured) -> None:
    values = flat(configured(SEED).settings)
    assert list(values) == names()
    assert json.loads(json.dumps(values)) == values


def test_the_chain_may_name_every_backend_of_the_table() -> None:
    assert get_args(BackendName) == tuple(BACKENDS)


@pytest.mark.parametrize("name", BACKENDS)
def test_every_backend_of_the_table_is_a_class_of_that_name(name: BackendName) -> None:
    found = backend_class(name)
    assert issubclass(found, Backend)
    assert found.name == name
    assert found.from_settings(Settings()).name == name
    assert load({"fallback.chain": [name]}, environment={}).settings.fallback.chain == (name,)
