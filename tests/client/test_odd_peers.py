"""Odd pools, headers and addresses: neither key nor code goes astray, and every error is one of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.responses import RedirectResponse

from sfm2 import AsyncSFM2Client, Completion, InvalidRequestError, ServerError, SFM2Client
from sfm2.client import _responses
from tests.client.both import Connect
from tests.client.test_faults import CHUNK, COMPLETION, Faulty, answer, events, serving
from tests.client.test_wire_faults import DONE

# With a user in the address the key goes as X-API-Key, which httpx forwards to any host.
ADDRESSES = pytest.mark.parametrize("user", ["", "me:pw@"])


@contextmanager
def redirecting(elsewhere: Faulty, user: str) -> Iterator[str]:
    with serving(elsewhere) as other:
        redirect = Faulty(lambda request: RedirectResponse(other + request.url.path, 307))
        with serving(redirect) as url:
            yield url.replace("://", f"://{user}")


@ADDRESSES
def test_a_pool_that_follows_redirects_gives_nothing_away(user: str) -> None:
    elsewhere = Faulty(answer(COMPLETION))
    with redirecting(elsewhere, user) as url, httpx.Client(follow_redirects=True) as pool:
        client = SFM2Client(url, "secret", http_client=pool)
        for ask in (client.generate, lambda prompt: list(client.generate_stream(prompt))):
            with pytest.raises(ServerError, match="307"):
                ask("x")
    assert elsewhere.requests == []


@ADDRESSES
def test_nor_does_one_of_asyncio(user: str) -> None:
    async def ask(url: str) -> None:
        async with httpx.AsyncClient(follow_redirects=True) as pool:
            client = AsyncSFM2Client(url, "secret", http_client=pool)
            with pytest.raises(ServerError, match="307"):
                await client.generate("x")
            with pytest.raises(ServerError, match="307"):
                await anext(client.generate_stream("x"))

    elsewhere = Faulty(answer(COMPLETION))
    with redirecting(elsewhere, user) as url:
        asyncio.run(ask(url))
    assert elsewhere.requests == []


@pytest.mark.parametrize("late", [CHUNK, DONE.replace(b'"y"', b'"another"'), b"event: chunk\ndata: nonsense\n\n"])
def test_what_comes_after_done_is_passed_over(connect: Connect, late: bytes) -> None:
    with serving(Faulty(events(CHUNK, DONE + late, late))) as url:
        stream = connect(url).generate_stream("x")
        assert [chunk.text for chunk in stream] == ["a"]
    assert stream.result is not None
    assert stream.result.completion == "y"


@pytest.mark.parametrize("charset", ["hex", "rot13", "idna", "undefined", "punycode", "nonsense"])
def test_a_page_may_claim_any_charset(charset: str) -> None:
    page = httpx.Response(502, headers={"Content-Type": f"text/html; charset={charset}"}, content=b"<h1>\xff bad</h1>")
    with pytest.raises(ServerError, match="bad"):
        _responses.parse(page, Completion)


@pytest.mark.parametrize("host", ["xn--a", "..", "a" * 64 + ".com"])
@pytest.mark.parametrize("kind", [SFM2Client, AsyncSFM2Client])
def test_a_host_that_no_name_server_takes(kind: Callable[[str], object], host: str) -> None:
    with pytest.raises(InvalidRequestError, match=r"^api_url: expected"):
        kind(f"http://{host}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[2001:db8::1]:80", "bücher.example", "a_b.local."])
def test_a_host_that_one_does(host: str) -> None:
    with SFM2Client(f"http://{host}"):
        pass
