"""Keys that expire, that are rotated, and when they were used last."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfm2.errors import AuthenticationError, InvalidRequestError, NotFoundError, StorageUnavailableError
from sfm2.server.usage import last_use
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.tables import StoreTables
from sfm2.testing import until
from tests.server.live import Serving

HOUR = 3600.0
pytestmark = pytest.mark.both_stores


class Clock:
    """A Unix time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(store: StoreTables, clock: Clock) -> Keys:
    return Keys(store, clock=clock)


def an_hour_ago() -> float:
    return time.time() - HOUR


def asks(client: httpx.Client, key: str) -> tuple[int, str]:
    response = client.post("/generate", json={"prompt": "x"}, headers={"X-API-Key": key})
    return response.status_code, response.json().get("message", "")


def refusal(keys: Keys, text: str) -> str | None:
    """Why a key is refused; None: it is not."""
    try:
        keys.check(text)
    except AuthenticationError as error:
        return error.message
    return None


# The end.


def test_a_key_works_until_it_expires(keys: Keys, clock: Clock) -> None:
    key, text = keys.create(lifetime=90)
    assert key.expires_at == clock.now + 90
    clock.now += 89.9
    assert keys.check(text) == key
    clock.now += 0.1
    assert refusal(keys, text) == "the API key has expired"


def test_a_server_refuses_an_expired_key_and_stays_closed(serving: Serving, store: StoreTables) -> None:
    _, text = Keys(store, clock=an_hour_ago).create(lifetime=60)
    with serving() as client:
        assert asks(client, text) == (401, "the API key has expired")
        assert client.post("/generate", json={"prompt": "x"}).status_code == 401


# Rotation.


def test_a_rotated_key_is_the_same_key_with_another_secret(keys: Keys) -> None:
    before, old = keys.create("ci", "5/second", "mine")
    after, new = keys.rotate(before.id)
    assert (after.id, after.name, after.rate, after.adapter) == (before.id, "ci", "5/second", "mine")
    assert (after.scopes, after.expires_at, after.created_at) == (before.scopes, None, before.created_at)
    assert keys.check(new) == after
    assert refusal(keys, old) == "the API key has been replaced by a new one"
    assert len(keys.all()) == 1


def test_the_old_secret_works_until_the_grace_is_over(keys: Keys, clock: Clock) -> None:
    key, old = keys.create()
    _, new = keys.rotate(key.id, grace=HOUR)
    for text in (old, new):
        assert keys.check(text).previous_until == clock.now + HOUR
    clock.now += HOUR
    assert [refusal(keys, old), refusal(keys, new)] == ["the API key has been replaced by a new one", None]


def test_of_two_rotations_the_first_secret_works_no_more(keys: Keys) -> None:
    key, first = keys.create()
    _, second = keys.rotate(key.id, grace=HOUR)
    _, third = keys.rotate(key.id, grace=HOUR)
    assert [refusal(keys, text) for text in (first, second, third)] == ["the API key is not valid", None, None]


def test_a_rotation_whose_answer_was_lost_is_done_once(
    keys: Keys, store: StoreTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done twice with two secrets, the one that everybody has would work no more."""
    key, old = keys.create()
    rotate, lost = store.keys.replace_secret, list[bool]()

    def answer_is_lost(*values: Any) -> bool:
        done = rotate(*values)
        if not lost:
            lost.append(done)
            raise StorageUnavailableError("no answer")
        return done

    monkeypatch.setattr(store.keys, "replace_secret", answer_is_lost)
    _, new = keys.rotate(key.id, grace=HOUR)
    assert (refusal(keys, old), refusal(keys, new)) == (None, None)
    assert [entry.action for entry in keys.log(9)] == ["rotate", "create"]


def test_revoking_takes_both_secrets(keys: Keys) -> None:
    key, old = keys.create()
    _, new = keys.rotate(key.id, grace=HOUR)
    keys.revoke(key.id)
    assert {refusal(keys, text) for text in (old, new)} == {"the API key has been revoked"}


def test_rotating_may_give_a_new_end_which_the_old_secret_does_not_get(keys: Keys, clock: Clock) -> None:
    key, old = keys.create(lifetime=60)
    after, new = keys.rotate(key.id, grace=2 * HOUR, lifetime=24 * HOUR)
    assert (after.expires_at, after.previous_until) == (clock.now + 24 * HOUR, key.expires_at)
    clock.now += HOUR
    assert [refusal(keys, old), refusal(keys, new)] == ["the API key has been replaced by a new one", None]


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_has_ended_is_not_rotated(keys: Keys, clock: Clock, end: str) -> None:
    key, text = keys.create(lifetime=60)
    if end == "revoked":
        keys.revoke(key.id)
    clock.now += 60
    with pytest.raises(InvalidRequestError, match=end):
        keys.rotate(key.id, grace=HOUR, lifetime=HOUR)
    assert refusal(keys, text) is not None
    assert [entry.action for entry in keys.log(10)][-1] == "create"
    assert "rotate" not in [entry.action for entry in keys.log(10)]


def test_a_key_that_is_unknown_is_not_rotated(keys: Keys) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        keys.rotate("nobody")
    assert keys.log(10) == []


def test_a_running_server_takes_both_and_then_the_new_one_only(serving: Serving, store: StoreTables) -> None:
    (one, old_one), (other, old_other) = Keys(store).create(), Keys(store).create()
    with serving() as client:
        _, new_one = Keys(store).rotate(one.id, grace=HOUR)
        _, new_other = Keys(store, clock=an_hour_ago).rotate(other.id, grace=60)
        assert [asks(client, text)[0] for text in (old_one, new_one, new_other)] == [200, 200, 200]
        assert asks(client, old_other) == (401, "the API key has been replaced by a new one")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # Each key is a new one.
@given(st.lists(st.tuples(st.sampled_from(["wait", "rotate", "revoke"]), st.integers(0, 100)), max_size=12))
def test_never_more_than_two_secrets_work_and_none_after_the_end(
    store: StoreTables, steps: list[tuple[str, int]]
) -> None:
    clock = Clock()
    keys = Keys(store, clock=clock)
    key, text = keys.create(lifetime=300)
    texts, revoked = [text], False
    for action, amount in steps:
        clock.now += amount if action == "wait" else 0
        if action == "revoke":
            keys.revoke(key.id)
            revoked = True
        elif action == "rotate" and not revoked and clock.now < 1_800_000_300:
            texts.append(keys.rotate(key.id, grace=amount)[1])
        working = [text for text in texts if refusal(keys, text) is None]
        ended = revoked or clock.now >= 1_800_000_300
        assert working == [] if ended else working in (texts[-1:], texts[-2:])


# The last use.


def last_used(store: StoreTables) -> float | None:
    (key,) = Keys(store).all()
    return key.last_used_at


def test_the_last_use_is_written_and_not_again_within_a_minute(serving: Serving, store: StoreTables) -> None:
    _, text = Keys(store).create()
    begun = time.time()
    with serving() as client:
        assert asks(client, "sfm2_000000000000_wrong")[0] == 401
        assert last_used(store) is None
        assert asks(client, text)[0] == 200
        until(lambda: last_used(store) is not None, 20)
        first = last_used(store)
        assert asks(client, text)[0] == 200
    assert first is not None
    assert begun <= first <= time.time()
    assert last_used(store) == first
    with serving() as client:  # Another process, which has not seen the first use.
        assert asks(client, text)[0] == 200
    assert last_used(store) == first


def test_a_use_after_a_minute_is_written(serving: Serving, store: StoreTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_use, "EVERY", 0.0)
    keys = Keys(store)
    key, text = keys.create()
    keys.used({key.id: 7.0})
    with serving() as client:
        assert asks(client, text)[0] == 200
    found = last_used(store)
    assert found is not None
    assert found > 7
