"""Who a request is from, where proxies that we trust say so. Anyone else can send their headers, too, and is not believed.

Each proxy adds the address that it was called from at the end of the header. Read from there, everything is true up to the
first address that is no proxy of ours: that is the client, and what stands before it is what the client made up.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

from sfm2.config import ApiSettings

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_MOST_COMMAS = 8  # within one element of Forwarded
_LONGEST = 1_000  # characters of one; to read it takes time by their square
_SCHEMES = ("http", "https")
_PORT = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[0-9.]+))(?::\w+)?")
# RFC 7239, section 4: pairs of one element; a value is a token or a quoted string.
_PAIR = r"""\s*(?P<name>[!#$%&'*+.^_`|~\w-]+)=(?P<value>[!#$%&'*+.^_`|~\w:\[\]-]+|"(?:[^"\\]|\\.)*")\s*"""
_PAIRS = re.compile(_PAIR, re.ASCII)
_ELEMENT = re.compile(rf"{_PAIR}(?:;{re.sub(r'[?]P<[a-z]+>', '?:', _PAIR)})*;?\s*", re.ASCII)


@dataclass(frozen=True)
class Caller:
    """Who sent a request."""

    address: str
    scheme: str | None = None
    """What it used to reach the first proxy, `http` or `https`; None: unknown"""


class TrustedProxies:
    """Those of `api.trusted_proxies`."""

    def __init__(self, settings: ApiSettings) -> None:
        self._networks = [ipaddress.ip_network(one) for one in settings.trusted_proxies]
        self._header = settings.forwarded_header

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Whether `address` is one of them."""
        found = parsed(address)
        return found is not None and self._is_ours(found)

    def caller(self, peer: str, headers: Headers) -> Caller:
        """Who a request is from that came over a connection from `peer`."""
        if not self.trusts(peer):
            return Caller(peer)
        if self._header == "forwarded":
            return self._followed(peer, _elements(", ".join(headers.getlist("forwarded"))))
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        hops = ({"for": one, "proto": scheme} for one in reversed(_listed(headers.getlist("x-forwarded-for"))))
        return self._followed(peer, hops)

    def _followed(self, peer: str, hops: Iterable[Mapping[str, str]]) -> Caller:
        """`hops`: the nearest first. What can't be read ends the way: then the last proxy is all that is known."""
        caller = Caller(peer)
        for hop in hops:
            address = parsed(hop.get("for", ""))
            if address is None:
                break
            scheme = hop.get("proto", "").lower()
            caller = Caller(str(address), scheme if scheme in _SCHEMES else caller.scheme)
            if not self._is_ours(address):
                break
        return caller

    def _is_ours(self, address: IPAddress) -> bool:
        return any(address in network for network in self._networks)


def attributed(scope: Scope, proxies: TrustedProxies) -> Scope:
    """`scope` with the client and the scheme that trusted proxies name."""
    client = scope.get("client")
    if not proxies or not client:
        return scope
    caller = proxies.caller(str(client[0]), Headers(scope=scope))
    if caller.address == str(client[0]):
        return scope
    return {**scope, "client": (caller.address, 0), "scheme": caller.scheme or scope["scheme"]}


def parsed(text: str) -> IPAddress | None:
    """An address, with or without a port; None: it is none. IPv4 within IPv6 (::ffff:192.0.2.1) is IPv4."""
    text = text.strip()
    if with_port := _PORT.fullmatch(text):
        text = with_port["six"] or with_port["four"] or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


def _listed(lines: Iterable[str]) -> list[str]:
    return [part for line in lines for part in line.split(",")]


def _elements(text: str) -> Iterator[dict[str, str]]:
    """The elements of Forwarded, the last first, up to one that can't be read.

    From the end: what a client sent comes first, and may open a quote that would swallow what our proxies added.
    """
    while text.strip():
        begin = len(text)
        for _ in range(_MOST_COMMAS):
            begin = text.rfind(",", 0, begin)
            if begin < 0 or len(text) - begin > _LONGEST or _ELEMENT.fullmatch(text, begin + 1):
                break
        element = text[begin + 1 :]
        if len(element) > _LONGEST or not _ELEMENT.fullmatch(element):
            return
        yield {pair["name"].lower(): _unquoted(pair["value"]) for pair in _PAIRS.finditer(element)}
        text = text[: max(0, begin)]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
