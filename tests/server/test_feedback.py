"""POST /feedback on a live server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from sfm2.server.app import create_app
from sfm2.server.usage import feedback
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.tables import StoreTables
from tests.server.live import Serving, live, settings_for

SECRET = "lantern_of_sirius"


def completed(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post("/complete", json={"prefix": f"{SECRET} = 1  # echo:pass", "language": "python", **fields})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def told(client: httpx.Client, completion_id: str, outcome: str, **headers: str) -> httpx.Response:
    return client.post("/feedback", json={"id": completion_id, "outcome": outcome}, headers=headers)


def stats(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/stats").raise_for_status().json()
    return found


@pytest.mark.both_stores
def test_the_acceptance_rate_follows_from_feedback(serving: Serving) -> None:
    with serving() as client:
        assert stats(client)["acceptance_rate"] is None
        for outcome in ("accepted", "accepted", "edited", "rejected"):
            answer = told(client, completed(client)["id"], outcome)
            assert (answer.status_code, answer.content) == (204, b"")
        found = stats(client)
    assert found["feedback"] == {"accepted": 2, "edited": 1, "rejected": 1}
    assert found["acceptance_rate"] == 0.75


@pytest.mark.both_stores
def test_the_last_word_counts(serving: Serving) -> None:
    with serving() as client:
        completion_id = completed(client)["id"]
        for outcome in ("rejected", "accepted", "accepted"):
            assert told(client, completion_id, outcome).status_code == 204
        assert stats(client)["feedback"] == {"accepted": 1, "edited": 0, "rejected": 0}


@pytest.mark.parametrize(
    ("route", "field"),
    [
        ("/generate", "prompt"),
        ("/generate/batch", "prompts"),
        ("/generate/stream", "prompt"),
        ("/complete", "prefix"),
        ("/complete/stream", "prefix"),
    ],
)
def test_every_kind_of_completion_has_an_id(serving: Serving, route: str, field: str) -> None:
    code: Any = "x  # echo:y"
    with serving() as client:
        text = client.post(route, json={field: [code] if field == "prompts" else code}).raise_for_status().text
        completion_id = text.split('"id":"')[-1].split('"')[0]
        assert told(client, completion_id, "accepted").status_code == 204


@pytest.mark.both_stores
def test_unknown_ids_and_outcomes_say_what_was_expected(serving: Serving) -> None:
    with serving() as client:
        unknown = told(client, "nothing", "accepted")
        assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")
        assert "no completion 'nothing' was made here in the last 30 days" in unknown.json()["message"]
        wrong = told(client, completed(client)["id"], "loved")
        assert wrong.status_code == 422
        assert "accepted" in wrong.json()["message"]
        assert client.post("/feedback", json={"outcome": "accepted"}).status_code == 422
        assert stats(client)["acceptance_rate"] is None


@pytest.mark.both_stores
def test_a_key_speaks_of_its_own_completions_only(tmp_path: Path, store: StoreTables, store_url: str | None) -> None:
    settings = settings_for(tmp_path, store_url)
    keys = Keys(store)
    ours, theirs = ({"Authorization": f"Bearer {keys.create(name)[1]}"} for name in ("ours", "theirs"))
    with live(create_app(settings)) as client:
        completion_id = client.post("/complete", json={"prefix": "x"}, headers=ours).json()["id"]
        assert told(client, completion_id, "accepted").status_code == 401
        assert told(client, completion_id, "accepted", **theirs).status_code == 404
        assert told(client, completion_id, "accepted", **ours).status_code == 204


@pytest.mark.both_stores
def test_another_worker_and_a_restart_know_it(tmp_path: Path, store_url: str | None) -> None:
    settings = settings_for(tmp_path, store_url)
    with live(create_app(settings)) as one, live(create_app(settings)) as other:
        completion_id = completed(one)["id"]
        assert told(other, completion_id, "accepted").status_code == 204
    with live(create_app(settings)) as client:
        assert told(client, completion_id, "edited").status_code == 204
        assert stats(client)["feedback"] == {"accepted": 0, "edited": 1, "rejected": 0}


def test_no_code_is_stored(tmp_path: Path) -> None:
    with live(create_app(settings_for(tmp_path))) as client:
        answer = completed(client, suffix=f"\nprint({SECRET})\n", path=f"{SECRET}.py")
        assert answer["completion"] == "pass"
        assert told(client, answer["id"], "rejected").status_code == 204
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert answer["id"].encode() in kept
    assert SECRET.encode() not in kept


@pytest.mark.both_stores
def test_features_are_for_those_who_ask_and_kept_for_a_fit(serving: Serving, store: StoreTables) -> None:
    with serving() as client:
        assert completed(client)["features"] is None
        answer = completed(client, features=True)
        assert answer["features"]["log_tokens"] > 0
        told(client, answer["id"], "accepted")
    [row] = store.completions.calibration_examples()
    assert row.accepted
    assert row.features == pytest.approx(answer["features"], abs=1e-6)


@pytest.mark.both_stores
def test_the_oldest_go(store: StoreTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "KEPT_ROWS", 3)
    now = time.time()
    late = feedback.KEPT_SECONDS + 1
    for number in range(5):
        at = now - late if number == 4 else now
        store.completions.record(
            [feedback.CompletionRecord(f"c{number}", at, None, "echo", None, 0.5, False, None)], []
        )
    known = [number for number in range(5) if store.completions.known(f"c{number}", None)]
    assert known == [1, 2, 3]
