"""Whom a request is from behind proxies: those that we trust are believed, and nobody else."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from sfm2.config import ApiSettings, Settings, load
from sfm2.errors import ConfigError
from sfm2.server.process.proxies import TrustedProxies, parsed
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.rates import address_group
from sfm2.server.usage.store import Store
from sfm2.testing import serve
from sfm2.types import KeyScope
from tests.server.live import Serving, settings_for

OURS = ("10.0.0.0/8", "fd00::/8", "127.0.0.1")
XFF, FORWARDED = "x-forwarded-for", "forwarded"

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(lambda one: parsed(str(one)) or one)
strangers = addresses.filter(lambda one: not any(one in ipaddress.ip_network(network) for network in OURS))
proxies = st.one_of(st.ip_addresses(v=4, network="10.0.0.0/8"), st.ip_addresses(v=6, network="fd00::/8"))
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
made_up = st.one_of(
    visible,
    st.lists(addresses.map(str), max_size=3).map(", ".join),
    st.sampled_from(
        ['for="', 'for=1.2.3.4;x="', 'for=1.2.3.4, for="x\\', "for=10.0.0.1", "10.0.0.1", ",,,", "for=[::1]"]
    ),
)


def trusting(header: str = XFF) -> TrustedProxies:
    return TrustedProxies(ApiSettings(trusted_proxies=OURS, forwarded_header=header))


def added(header: str, address: object) -> str:
    """What a proxy adds for the address that it was called from."""
    if header == XFF:
        return str(address)
    bracketed = f'"[{address}]"' if ":" in str(address) else str(address)
    return f"for={bracketed};proto=https"


@settings(deadline=None)
@given(strangers, st.lists(proxies, min_size=1, max_size=3), made_up, st.sampled_from([XFF, FORWARDED]), st.booleans())
def test_a_stranger_can_not_forge_an_address(
    stranger: object, way: list[object], forged: str, header: str, one_line: bool
) -> None:
    """It sends what it likes; the proxies add who called them, on the same line or another."""
    lines = [forged]
    for caller in (stranger, *way[:-1]):
        lines.append(added(header, caller))
    values = [", ".join(lines)] if one_line else lines
    headers = Headers(raw=[(header.encode(), value.encode("latin-1")) for value in values])
    assert trusting(header).caller(str(way[-1]), headers).address == str(stranger)


@settings(deadline=None)
@given(strangers, made_up, made_up)
def test_who_calls_us_without_a_proxy_is_who_it_is(stranger: object, one: str, other: str) -> None:
    headers = Headers({XFF: one, FORWARDED: other, "x-forwarded-proto": "https"})
    for header in (XFF, FORWARDED):
        assert trusting(header).caller(str(stranger), headers).address == str(stranger)
        assert trusting(header).caller(str(stranger), headers).scheme is None


@settings(deadline=None)
@given(made_up)
def test_the_other_header_is_not_read(forged: str) -> None:
    assert trusting(XFF).caller("127.0.0.1", Headers({FORWARDED: forged})).address == "127.0.0.1"
    assert trusting(FORWARDED).caller("127.0.0.1", Headers({XFF: forged})).address == "127.0.0.1"


@pytest.mark.parametrize(
    ("header", "value", "address", "scheme"),
    [
        (XFF, "203.0.113.7", "203.0.113.7", None),
        (XFF, "198.51.100.1, 203.0.113.7:4711, 10.1.1.1", "203.0.113.7", None),
        (XFF, "[2001:db8::7]:4711", "2001:db8::7", None),
        (XFF, "::ffff:203.0.113.7", "203.0.113.7", None),
        (XFF, "10.0.0.5, 10.0.0.6", "10.0.0.5", None),
        (XFF, "unknown", "127.0.0.1", None),
        (XFF, "", "127.0.0.1", None),
        (FORWARDED, 'for="[2001:db8::7]:4711";proto=HTTPS;by=10.0.0.1', "2001:db8::7", "https"),
        (FORWARDED, 'For=203.0.113.7;by="a,b", for=10.0.0.2', "203.0.113.7", None),
        (FORWARDED, "for=_hidden", "127.0.0.1", None),
        (FORWARDED, "for=203.0.113.7;proto=gopher", "203.0.113.7", None),
    ],
)
def test_the_forms_that_proxies_write(header: str, value: str, address: str, scheme: str | None) -> None:
    found = trusting(header).caller("127.0.0.1", Headers({header: value}))
    assert (found.address, found.scheme) == (address, scheme)


def test_a_scheme_is_believed_from_a_proxy() -> None:
    headers = Headers({XFF: "203.0.113.7", "x-forwarded-proto": "https"})
    assert trusting().caller("::ffff:127.0.0.1", headers).scheme == "https"


def test_a_header_of_many_kilobytes_is_read_in_no_time() -> None:
    for value in (
        ",a=" * 20_000,
        'a=",' * 20_000,
        "for=x," * 10_000,
        '"' * 60_000,
        "," * 60_000,
        f"for=1;{' ' * 60_000}x",
    ):
        trusting(FORWARDED).caller("127.0.0.1", Headers({FORWARDED: value}))


def test_rates_are_counted_by_who_is_behind_a_trusted_proxy(serving: Serving) -> None:
    def asked(client: httpx.Client, *forwarded: str) -> list[int]:
        headers = [{"X-Forwarded-For": one} for one in forwarded]
        return [client.post("/generate", json={"prompt": "x"}, headers=one).status_code for one in headers]

    with serving(limits={"rate": "1/hour"}, api={"trusted_proxies": ["127.0.0.1"]}) as client:
        assert asked(client, "203.0.113.7", "203.0.113.8") == [200, 200]
        assert asked(client, "198.51.100.1, 203.0.113.7", "6.6.6.6, 203.0.113.8") == [429, 429]
    with serving(limits={"rate": "1/hour"}) as client:
        assert asked(client, "203.0.113.17", "203.0.113.18") == [200, 429]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_trusted_proxy_may_open_as_many_connections_as_its_clients_need(tmp_path: Path, trusted: bool) -> None:
    api = {"trusted_proxies": ["127.0.0.1"] if trusted else []}
    with serve(settings_for(tmp_path, limits={"max_connections_per_address": 1}, api=api)) as server:
        url = urlsplit(server.url)
        with closing(socket.create_connection((url.hostname, url.port or 0))) as held:  # counted once it is answered
            held.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert held.recv(1000)
            assert httpx.get(f"{server.url}/health/live").status_code == (200 if trusted else 503)


def test_with_a_proxy_a_server_counts_as_open_to_others() -> None:
    assert Settings().on_loopback
    assert not Settings.model_validate({"api": {"trusted_proxies": ["127.0.0.1"]}}).on_loopback


def test_addresses_are_listed_in_the_environment() -> None:
    environment = {"SFM2_API_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8", "SFM2_API_FORWARDED_HEADER": "Forwarded"}
    api = load(environment=environment).settings.api
    assert (api.trusted_proxies, api.forwarded_header) == (("127.0.0.1/32", "10.0.0.0/8"), FORWARDED)
    for wrong in ("10.0.0.1/8", "proxy.example", "*"):
        with pytest.raises(ConfigError, match=r"api\.trusted_proxies.*expected an address or a network"):
            load(environment={"SFM2_API_TRUSTED_PROXIES": wrong})


def test_ipv4_is_told_apart_where_both_are_listened_for() -> None:
    assert address_group("::ffff:203.0.113.7") == "203.0.113.7"
    assert address_group("2001:db8::1") == address_group("2001:db8::2") == "2001:db8::/64"


def test_the_log_of_what_admins_do_names_who_is_behind_the_proxy(serving: Serving, tmp_path: Path) -> None:
    with closing(Store.in_folder(tmp_path)) as store:
        _, text = Keys(store).create("ops", scopes=[KeyScope.ADMIN])
    with serving(api={"trusted_proxies": ["127.0.0.1"]}) as client:
        headers = {"X-API-Key": text, "X-Forwarded-For": "198.51.100.1, 203.0.113.7"}
        assert client.post("/admin/keys", json={"name": "ada"}, headers=headers).status_code == 201
    with closing(Store.in_folder(tmp_path)) as store:
        assert Keys(store).log(1)[0].address == "203.0.113.7"
