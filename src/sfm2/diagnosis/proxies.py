"""Proxies: whether one that the environment names stands between programs and the service."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from sfm2.config import is_loopback
from sfm2.diagnosis.finding import Finding, ok, problem, warning
from sfm2.diagnosis.service import host_of

NAME = "proxy"
_ADVICE = "Set NO_PROXY=localhost,127.0.0.1,::1"


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The variable whose proxy programs use for `url`; None: they go there directly."""
    host, wanted = host_of(url), (f"{url.partition('://')[0]}_proxy", "all_proxy")
    exceptions = next((value for name, value in environment.items() if name.lower() == "no_proxy"), "")
    if any(_excepts(one.strip().lower(), host) for one in exceptions.split(",")):
        return None
    return next(
        (name for each in wanted for name, value in environment.items() if name.lower() == each and value), None
    )


def check_proxies(urls: Mapping[str, str], environment: Mapping[str, str], reached: bool | None) -> list[Finding]:
    """`urls`: what programs ask, by a name for it; only those on this machine matter.

    `reached`: whether the service answers those who use the environment's proxies; None: no service runs to try that with.
    """
    caught = {(name, variable) for name, url in urls.items() if (variable := _on_this_machine(url, environment))}
    if not caught:
        return [ok(NAME, "none that would catch this machine's own addresses")]
    found = "; ".join(f"{variable} also catches {name}" for name, variable in sorted(caught))
    if reached is False:
        return [problem(NAME, f"{found}, and through it the service can't be reached", _ADVICE)]
    told = "SFM-2's own clients go round it; curl, other SDKs and some editors do not"
    return [warning(NAME, f"{found}: {told}", _ADVICE)]


def _on_this_machine(url: str, environment: Mapping[str, str]) -> str | None:
    return proxy_for(url, environment) if is_loopback(host_of(url)) else None


def _excepts(exception: str, host: str) -> bool:
    """Whether a part of NO_PROXY names `host`, a domain that it is in, or a network that it is in, such as 127.0.0.0/8."""
    name = exception.lstrip(".")
    if exception == "*" or (name and (host == name.strip("[]") or host.endswith(f".{name}"))):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exception)
    except ValueError:
        return False
