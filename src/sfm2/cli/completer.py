"""Which completer answers a command: the server that the caller names, else one that runs on this machine, else the models
in this process, whose weights are downloaded first if need be."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import click
import httpx
from pydantic import ValidationError

from sfm2.cli import terminal
from sfm2.cli.invocation import Invocation
from sfm2.cli.names import ChosenModel, no_such_model
from sfm2.cli.progress import WeightsProgress
from sfm2.client import SFM2Client
from sfm2.completer import Completer
from sfm2.config import ApiSettings, Settings
from sfm2.errors import APIConnectionError, InvalidRequestError, MissingExtraError, WeightsError
from sfm2.types import BackendStatus, ChatRequest, CompleteRequest, ExplainRequest, GenerateRequest, Health, Probe
from sfm2.wording import backend_reason

R = TypeVar("R", GenerateRequest, CompleteRequest, ExplainRequest, ChatRequest)

_PROBE_TIMEOUT = httpx.Timeout(1.0, connect=0.3)  # seconds; a port without a listener refuses at once


@dataclass(frozen=True)
class Target:
    """The completer that the caller asks for."""

    local: bool = False
    """The models in this process, even if a server runs"""
    api_url: str | None = None
    """This server, and no other"""
    api_key: str | None = None
    """The server's key"""


@dataclass(frozen=True)
class SelectedCompleter:
    """A completer, and what to show a person about it."""

    completer: Completer
    place: str
    """Where it is: a server's address, or "in this process"."""
    activity: Callable[[], str]
    """What it is doing while the caller waits"""
    model: str | None = None
    """Which of its backends `--model` names; None: any"""
    url: str | None = None
    """The server's address; None: the models are in this process"""

    def addressed(self, request: R) -> R:
        """`request`, to the backend that `--model` names."""
        return request.model_copy(update={"model": self.model}) if self.model else request


@contextmanager
def selected(target: Target, invocation: Invocation, use_fallback: bool) -> Iterator[SelectedCompleter]:
    """The completer for a command, closed at the end.

    Raises `MissingExtraError` or `WeightsError` if there is neither a server nor a model that could answer, and
    `InvalidRequestError` if the caller names a server and weights that it does not run.
    """
    settings = invocation.settings
    if not invocation.as_json:
        for warning in invocation.warnings:
            terminal.note(f"warning: {warning}")
    url = server_url(target, settings.api, is_sfm2)
    model = invocation.model
    if url is not None and model is not None:
        url = _if_it_has(model, url, target, settings)
    if url is not None:
        with _client(url, target, settings) as client:
            yield SelectedCompleter(client, url, lambda: f"waiting for {url}", model.name if model else None, url)
        return
    from sfm2.core import ModelManager

    if model is None or model.loadable:
        prepare_weights(settings, use_fallback and model is None)
    with ModelManager(settings) as manager:
        yield SelectedCompleter(
            manager,
            "in this process",
            lambda: loading_text(manager.health()) or "generating",
            _backend_of(model, manager.health()) if model else None,
        )


@contextmanager
def running_server(target: Target, settings: Settings) -> Iterator[tuple[SFM2Client, str]]:
    """A client of the server to ask, and the server's URL. Raises `APIConnectionError` if none is named, and none runs."""
    url = server_url(target, settings.api, is_sfm2)
    if url is None:
        raise APIConnectionError(f"no SFM-2 server answers at {settings.api.url}")
    with _client(url, target, settings) as client:
        yield client, url


def server_url(target: Target, api: ApiSettings, is_sfm2: Callable[[str], bool]) -> str | None:
    """The URL of the server to ask, or None for the models in this process.

    `is_sfm2` checks whether a server answers at the configured address; with `api.port` 0 there is no such address.
    """
    if target.local:
        return None
    if target.api_url:
        return target.api_url
    return api.url if api.port and is_sfm2(api.url) else None


def is_sfm2(url: str) -> bool:
    """Whether an SFM-2 server answers at `url`. Asks without a key, as another program may have taken the port."""
    # Without a proxy: this is about a server on this machine.
    with httpx.Client(base_url=url, timeout=_PROBE_TIMEOUT, trust_env=False) as client:
        try:
            Probe.model_validate_json(client.get("/health/live").content)
            return "sfm2" in Health.model_validate_json(client.get("/health").content).model_status
        except (httpx.HTTPError, httpx.InvalidURL, ValidationError):
            return False


def patience(settings: Settings) -> float:
    """Seconds to wait for a server, which may give each backend of its chain as much time as ours would get."""
    return settings.generation.timeout * len(settings.fallback.chain)


def loading_text(health: Health) -> str | None:
    """What the first backend that is still loading is doing, such as `sfm2: loading weights`; None if none is loading."""
    for name, status in health.model_status.items():
        if status is BackendStatus.LOADING:
            return f"{name}: {backend_reason(health, name) or 'loading'}"
    return None


def prepare_weights(settings: Settings, use_fallback: bool) -> None:
    """Make sure that SFM-2's engine and weights are here if SFM-2 answers first.

    Raises `MissingExtraError` or `WeightsError` if they are not and no other backend could answer.
    """
    if not needs_weights(settings):
        return
    try:
        _check_engine(settings)
        ensure_weights(settings)
    except (MissingExtraError, WeightsError):
        if not use_fallback or configured_backends(settings) == ["sfm2"]:
            raise  # otherwise another backend answers, and the answer's fallback trace gives the reason


def needs_weights(settings: Settings) -> bool:
    """Whether the first configured backend is SFM-2 with an engine in this process."""
    return next(iter(configured_backends(settings)), None) == "sfm2" and settings.models.sfm2.url is None


def configured_backends(settings: Settings) -> list[str]:
    """The configured backends of the chain, in its order."""
    from sfm2.core.registry import backend_class

    return [name for name in settings.fallback.chain if backend_class(name).is_configured(settings)]


def ensure_weights(settings: Settings) -> None:
    """Download the weights if they are missing and the user or the settings agree. Raises `WeightsError` otherwise."""
    from sfm2.models.store import ModelStore
    from sfm2.models.weights import ensure

    ask = functools.partial(click.confirm, default=True, err=True) if terminal.can_ask() else None
    with ExitStack() as stack:
        store = ModelStore(settings.storage.cache_dir)
        ensure(settings.models.sfm2, store, ask=ask, progress=WeightsProgress(stack))


def offer_weights(settings: Settings) -> None:
    """Offer the download on a terminal. A server also runs without weights: say so when the user declines."""
    if not (terminal.can_ask() and needs_weights(settings)):
        return
    try:
        ensure_weights(settings)
    except WeightsError as error:
        terminal.note(f"SFM-2 stays unavailable: {error.message}. {error.suggestion}")


def _if_it_has(model: ChosenModel, url: str, target: Target, settings: Settings) -> str | None:
    """The server's URL if it has this model; None if this process can load it. Raises `InvalidRequestError` otherwise."""
    with _client(url, target, settings) as client:
        health = client.health()
    if model.name in _names(health):
        return url
    if not model.loadable:
        raise no_such_model(model.name, _names(health))
    told = f"the server at {url} does not run {model.name}"
    if target.api_url:
        raise InvalidRequestError(
            told, suggestion=f"It has {', '.join(_names(health))}; without --api-url, -m loads others"
        )
    terminal.note(f"note: {told}; this process loads it")
    return None


def _backend_of(model: ChosenModel, health: Health) -> str:
    """The backend of this process that runs it. Raises `InvalidRequestError` if none does."""
    if model.loadable:
        return "sfm2"
    if model.name not in _names(health):
        raise no_such_model(model.name, _names(health))
    return model.name


def _names(health: Health) -> list[str]:
    """The names of the backends that are set up, and of their models."""
    found = {name: one for name, one in health.backends.items() if one.status is not BackendStatus.NOT_CONFIGURED}
    return [*found, *(one.model for one in found.values() if one.model)]


def _client(url: str, target: Target, settings: Settings) -> SFM2Client:
    return SFM2Client(url, target.api_key, timeout=patience(settings))


def _check_engine(settings: Settings) -> None:
    from sfm2.engines.choice import Machine, choose

    here = Machine.of(settings.models.sfm2)
    if choose(settings.models.sfm2, here).engine == "openvino" and not here.openvino:
        error = MissingExtraError("running the model without a server", "engine")
        error.suggestion += "; or use a server: `sfm2 serve` starts one, SFM2_API_URL names one elsewhere"
        raise error
