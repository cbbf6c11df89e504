"""Which kind of server is at a URL: real sockets that answer as each kind does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from sfm2.engines.at_url.contact import FirstContact
from sfm2.engines.at_url.engine import EngineAtURL, address_of, shown_url
from sfm2.engines.base import Phase
from sfm2.engines.client import EngineAddress, EngineClient
from sfm2.engines.llama_cpp.foreign import ForeignClient
from sfm2.engines.vllm.foreign import ForeignVLLMClient
from sfm2.errors import BackendError
from tests.engines.raw_server import answer, refusal, serving

Routes = dict[str, bytes]
VLLM = {
    "/v1/models": answer({"data": [{"id": "theirs", "owned_by": "vllm", "max_model_len": 512}]}),
    "/health": answer(b""),
    "/version": answer({"version": "0.32.0"}),
}
LLAMA = {
    "/v1/models": answer({"data": [{"id": "ours.gguf", "owned_by": "llamacpp"}]}),
    "/health": answer({"status": "ok"}),
    "/version": answer(b"File Not Found", 404),
    "/props": answer({"model_alias": "ours"}),
}
LOCKED = {**VLLM, "/v1/models": answer({"error": "Unauthorized"}, 401)}
LOADING = dict.fromkeys(LLAMA, refusal(503, message="Loading model"))
DOWN = dict.fromkeys(LLAMA, answer(b"Bad Gateway", 502))


def contact(routes: Routes, scenario: Callable[[FirstContact], Awaitable[None]]) -> None:
    async def run(url: str) -> None:
        client = FirstContact(EngineAddress(url), 5)
        try:
            await scenario(client)
        finally:
            await client.aclose()

    with serving(routes) as server:
        asyncio.run(asyncio.wait_for(run(server.url), 60))


@pytest.mark.parametrize(
    ("routes", "kind"),
    [(VLLM, ForeignVLLMClient), (LOCKED, ForeignVLLMClient), (LLAMA, ForeignClient), (LOADING, ForeignClient)],
    ids=["vllm", "vllm with a key", "llama.cpp", "llama.cpp that loads"],
)
def test_a_server_is_known_by_what_it_says(routes: Routes, kind: type[EngineClient]) -> None:
    async def scenario(client: FirstContact) -> None:
        assert type(await client.known()) is kind

    contact(routes, scenario)


@pytest.mark.parametrize("meanwhile", [LOADING, DOWN], ids=["loads", "is down"])
def test_after_it_was_not_well_it_is_asked_again(meanwhile: Routes) -> None:
    routes = dict(LLAMA)

    async def scenario(client: FirstContact) -> None:
        await client.check()
        assert (await client.facts()).model == "ours"
        routes.update(meanwhile)
        with pytest.raises(BackendError):
            await client.check()
        routes.update(VLLM)
        await client.check()
        assert (await client.facts()).model == "theirs"

    contact(routes, scenario)


def test_one_that_does_not_change_keeps_its_client() -> None:
    routes = dict(VLLM)

    async def scenario(client: FirstContact) -> None:
        before = await client.known()
        routes["/health"] = answer(b"", 500)
        for _ in range(3):
            with pytest.raises(BackendError):
                await client.check()
        assert await client.known() is before

    contact(routes, scenario)


def test_nothing_is_remembered_of_what_does_not_answer() -> None:
    with serving(VLLM) as server:
        url = server.url

    async def scenario() -> None:
        engine = EngineAtURL(url, 5)
        try:
            health = await engine.health()
            assert health.phase is Phase.FAILED
            assert "is it running?" in health.reason
            assert "connection attempts failed" in health.reason
            assert await engine.load() is None
        finally:
            await engine.aclose()

    asyncio.run(scenario())


def test_a_server_of_another_kind_that_took_its_place_unseen_is_found_when_a_request_fails() -> None:
    routes = dict(LLAMA)
    with serving(routes) as server:

        async def scenario() -> None:
            engine = EngineAtURL(server.url, 5)
            try:
                assert (await engine.health()).model == "ours"
                routes.update({"/tokenize": answer(b"", 404)} | VLLM)
                with pytest.raises(BackendError):
                    await engine.tokenize("x")
                assert (await engine.health()).model == "theirs"
            finally:
                await engine.aclose()

        asyncio.run(scenario())


def test_a_web_site_in_its_place_is_not_well() -> None:
    routes = dict(LLAMA)
    with serving(routes) as server:

        async def scenario() -> None:
            engine = EngineAtURL(server.url, 5)
            try:
                assert (await engine.health()).phase is Phase.READY
                routes.update({path: answer(b"<html>hello</html>") for path in ("/v1/models", "/health", "/props")})
                assert (await engine.health()).phase is Phase.FAILED
            finally:
                await engine.aclose()

        asyncio.run(scenario())


def test_another_kind_of_server_is_said_to_be_one() -> None:
    with serving({path: answer(b"404 page not found", 404) for path in ("/v1/models", "/health", "/props")}) as server:

        async def scenario() -> None:
            engine = EngineAtURL(server.url, 5)
            try:
                health = await engine.health()
                assert health.phase is Phase.FAILED
                assert "is neither vLLM nor a server of llama.cpp's protocol" in health.reason
            finally:
                await engine.aclose()

        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://gpu:8000/", EngineAddress("http://gpu:8000")),
        ("http://:sesame@gpu:8000", EngineAddress("http://gpu:8000", "sesame")),
        ("https://ada:sesame@gpu/v", EngineAddress("https://ada:sesame@gpu/v")),
    ],
)
def test_a_url_may_have_an_api_key(url: str, address: EngineAddress) -> None:
    assert address_of(url) == address
    assert "sesame" not in shown_url(url)
