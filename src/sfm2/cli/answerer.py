"""Who answers: the server the caller names, else one that runs on this machine, else the models in this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Protocol

from sfm2.cli import terminal
from sfm2.cli.invocation import Invocation
from sfm2.cli.options import Access
from sfm2.config import ApiSettings
from sfm2.errors import APIConnectionError
from sfm2.types import (
    Chunk,
    CompleteRequest,
    Completion,
    ExplainRequest,
    Explanation,
    GenerateRequest,
    Health,
)


class Answerer(Protocol):
    """What a server and a `ModelManager` have in common. All raise classes of `sfm2.errors`."""

    def submit(self, request: GenerateRequest | CompleteRequest) -> Completion: ...

    def stream(self, request: GenerateRequest) -> Generator[Chunk | Completion, None, None]:
        """Chunks, and the whole `Completion` last."""
        ...

    def explain(self, request: ExplainRequest) -> Explanation: ...

    def health(self) -> Health: ...

    @property
    def place(self) -> str:
        """Where the answer comes from, for a person."""
        ...

    def activity(self) -> str:
        """What is going on while somebody waits, for a person."""
        ...


def server_to_ask(access: Access, api: ApiSettings, is_sfm2: Callable[[str], bool]) -> str | None:
    """The server's URL; None: no server. `is_sfm2` looks whether one is there."""
    if access.local:
        return None
    if access.api_url:
        return access.api_url
    return next((url for url in _own_url(api) if is_sfm2(url)), None)


@contextmanager
def answerer(access: Access, invocation: Invocation, use_fallback: bool) -> Iterator[Answerer]:
    """The one to ask. Raises `MissingExtraError` or `WeightsError` when there is neither server nor model."""
    from sfm2.cli.probe import is_sfm2

    settings = invocation.settings
    if not invocation.as_json:
        _warn(invocation)
    url = server_to_ask(access, settings.api, is_sfm2)
    if url is not None:
        from sfm2.cli.remote import Remote

        with Remote.connected(url, access.api_key, settings) as remote:
            yield remote
    else:
        from sfm2.cli.local import Local

        with Local.loaded(settings, use_fallback) as local:
            yield local


def running_server(access: Access, api: ApiSettings) -> str:
    """The URL of the server to ask. Raises `APIConnectionError` when none is named, and none runs here."""
    from sfm2.cli.probe import is_sfm2

    url = server_to_ask(access, api, is_sfm2)
    if url is None:
        raise APIConnectionError(f"no SFM-2 server answers at {''.join(_own_url(api)) or 'the configured address'}")
    return url


def _own_url(api: ApiSettings) -> list[str]:
    """Nothing when the port is any free one."""
    return [api.url] if api.port else []


def _warn(invocation: Invocation) -> None:
    for warning in invocation.warnings:
        terminal.note(f"warning: {warning}")
