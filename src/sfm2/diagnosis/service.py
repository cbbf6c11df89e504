"""The service at its address: whether it is SFM-2, another program, or nobody, and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

import sfm2
from sfm2.config import is_loopback
from sfm2.diagnosis.finding import Finding, ok, problem, warning
from sfm2.types import BackendHealth, BackendStatus, Health, Probe

NAME = "server"
_DIRECT = {"http://": None, "https://": None, "all://": None}  # httpx's way to say: no proxy
_WAIT = httpx.Timeout(2.0, connect=0.5)  # seconds; a port without a listener refuses at once


class Listener(StrEnum):
    """Who answers at an address."""

    SFM2 = "sfm2"
    OTHER = "other"
    SILENT = "silent"
    UNTRUSTED = "untrusted"
    NOBODY = "nobody"
    NO_ADDRESS = "no address"


@dataclass(frozen=True)
class FoundService:
    """What was found at an address."""

    url: str
    listener: Listener
    health: Health | None = None
    """What SFM-2 says of itself"""
    said: str = ""
    """How the connection failed, or which program it says it is"""


def look_at_service(url: str, *, through_proxies: bool = False) -> FoundService:
    """Ask without a key, as another program may listen there.

    To this machine as our clients go: without the proxies that the environment names, unless `through_proxies`.
    """
    direct = not through_proxies and is_loopback(host_of(url))
    try:
        with httpx.Client(base_url=url, timeout=_WAIT, mounts=_DIRECT if direct else None) as client:
            alive = client.get("/health/live")
            Probe.model_validate_json(alive.content)
            health = Health.model_validate_json(client.get("/health").content)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        untrusted = "certificate" in str(error).lower()
        return FoundService(url, Listener.UNTRUSTED if untrusted else Listener.NOBODY, said=str(error))
    except httpx.TimeoutException:
        return FoundService(url, Listener.SILENT)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return FoundService(url, Listener.NO_ADDRESS, said=str(error))
    except httpx.HTTPError as error:
        return FoundService(url, Listener.OTHER, said=str(error))
    except ValidationError:
        return FoundService(url, Listener.OTHER, said=alive.headers.get("server", ""))
    return FoundService(url, Listener.SFM2 if "sfm2" in health.model_status else Listener.OTHER, health)


def host_of(url: str) -> str:
    """The host in `url`; empty if that is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def check_service(service: FoundService, named: bool) -> list[Finding]:
    """`named`: the caller named this address, so that there has to be a service."""
    if service.health is not None and service.listener is Listener.SFM2:
        return [_version(service.url, service.health), *_backends(service.health), *_storage(service.health)]
    if service.listener is Listener.NOBODY:
        if named:
            found = f"nothing answers at {service.url}" + (f" ({service.said})" if service.said else "")
            return [problem(NAME, found, "Start it there with `sfm2 serve`, or correct --api-url (SFM2_API_URL)")]
        return [ok(NAME, f"none runs at {service.url}; `sfm2 serve` starts one")]
    if service.listener is Listener.NO_ADDRESS:
        advice = "Correct --api-url (SFM2_API_URL): http://HOST:PORT, or https://"
        return [problem(NAME, f"{service.url!r} is no address of a server: {service.said}", advice)]
    if service.listener is Listener.UNTRUSTED:
        advice = "Set SSL_CERT_FILE to a file with the certificate of who issued it"
        return [problem(NAME, f"the certificate at {service.url} is not trusted: {service.said}", advice)]
    other = "Stop that program, or let SFM-2 listen elsewhere: api.port (SFM2_API_PORT)"
    if service.listener is Listener.SILENT:
        found = f"something at {service.url} accepts connections and does not answer within {_WAIT.read:g} s"
        return [problem(NAME, found, f"If it is SFM-2, restart it. Else: {other[0].lower()}{other[1:]}")]
    said = f" ({service.said})" if service.said else ""
    return [problem(NAME, f"another program than SFM-2 answers at {service.url}{said}", other)]


def _version(url: str, health: Health) -> Finding:
    found = f"{url}, {health.status}"
    if health.version != sfm2.__version__:
        advice = "Update the older one, and restart the server"
        return warning(NAME, f"{found}; it is SFM-2 {health.version}, and this is {sfm2.__version__}", advice)
    return ok(NAME, found)


def _backends(health: Health) -> list[Finding]:
    """A backend that could answer if something were put right; what was never set up is no fault."""
    configured = {name: one for name, one in health.backends.items() if one.status is not BackendStatus.NOT_CONFIGURED}
    return [_backend(name, one) for name, one in configured.items()]


def _backend(name: str, backend: BackendHealth) -> Finding:
    told = f"{backend.status}: {backend.reason}" if backend.reason else str(backend.status)
    if backend.status is BackendStatus.UNAVAILABLE:
        return problem(name, told, "Put right what the reason says; the server tries again by itself")
    if backend.status is BackendStatus.LOADING:
        return warning(name, told, "Wait until it has loaded, then ask again")
    return ok(name, told)


def _storage(health: Health) -> list[Finding]:
    if health.storage is None:
        return []
    return [problem("store", f"the server says: {health.storage}", "The server's log has the cause")]
