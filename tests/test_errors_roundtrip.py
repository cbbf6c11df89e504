"""An error is the same on both sides of the wire."""

from __future__ import annotations

import pickle
import re
from collections import defaultdict

import pytest

from sfm2 import errors
from sfm2.client._responses import from_body
from sfm2.errors import BackendError, MissingExtraError, ModelUnavailableError, ServerError, SFM2Error
from sfm2.installation import command_for
from sfm2.requests import error_body
from sfm2.types import ErrorBody

ALL = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SFM2Error)]
# These go over the wire as the class whose code they share.
SHARING: dict[type[SFM2Error], type[SFM2Error]] = {
    # Which part of the chain failed, and how, is the server's own business: `reason` tells it, in `fallback`.
    **{kind: ModelUnavailableError for kind in ALL if issubclass(kind, BackendError)},
    # The root is for catching; what comes without a class of its own is a bug of the server.
    SFM2Error: ServerError,
}


def sent(error: SFM2Error) -> SFM2Error:
    """As the client has it, after JSON."""
    return from_body(ErrorBody.model_validate_json(error_body(error).model_dump_json()), 1.5, "r1")


def made(kind: type[SFM2Error]) -> SFM2Error:
    return kind("what was wrong", suggestion="what to do", fallback_model="echo", details={"field": [1]})


@pytest.mark.parametrize("kind", ALL)
def test_class_and_words_survive_the_wire(kind: type[SFM2Error]) -> None:
    found = sent(made(kind))
    assert type(found) is SHARING.get(kind, kind)
    assert (found.message, found.suggestion, found.fallback_model) == ("what was wrong", "what to do", "echo")
    assert found.details == {"field": [1]}
    assert (found.retry_after, found.request_id) == (1.5, "r1")


@pytest.mark.parametrize("kind", ALL)
def test_an_error_survives_the_way_between_processes(kind: type[SFM2Error]) -> None:
    found = pickle.loads(pickle.dumps(made(kind)))
    assert type(found) is kind
    assert vars(found) == vars(made(kind))
    assert str(found) == "what was wrong"


def test_a_missing_extra_says_what_to_install() -> None:
    found = sent(MissingExtraError("the server", "server"))
    assert found.message == "the server needs an extra that is not installed"
    assert found.suggestion == command_for("server")


def test_codes_are_unique_but_for_those_who_share_on_purpose() -> None:
    holders = defaultdict(set)
    for kind in ALL:
        holders[kind.code].add(SHARING.get(kind, kind))
    assert {code: kinds for code, kinds in holders.items() if len(kinds) > 1} == {}


def test_a_code_of_a_newer_server_is_an_error_of_the_server() -> None:
    found = from_body(ErrorBody(error="out_of_tea", message="no tea"))
    assert type(found) is ServerError
    assert (found.message, found.details) == ("no tea", {"code": "out_of_tea"})


def test_the_page_at_the_top_lists_every_error_at_its_place() -> None:
    listed: dict[str, tuple[str, str | None]] = {}
    above: list[str] = []
    for indentation, name, status in re.findall(r"^( +)(\w+Error)\b *(\d{3})?", errors.__doc__ or "", re.MULTILINE):
        depth = len(indentation) // 2 - 2
        above[depth:] = [name]
        listed[name] = (above[depth - 1] if depth else "Exception", status or None)
    assert {name: parent for name, (parent, _) in listed.items()} == {
        kind.__name__: kind.__bases__[0].__name__ for kind in ALL
    }
    assert {name: status for name, (_, status) in listed.items() if status} == {
        kind.__name__: str(kind.status) for kind in ALL if listed[kind.__name__][1]
    }
