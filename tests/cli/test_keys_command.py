"""`sfm2 keys`, typed: what it prints, what it stores, and what it says about mistakes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sfm2.cli.commands.keys import keys as command
from sfm2.config import Loaded
from sfm2.errors import AuthenticationError, InvalidRequestError
from sfm2.server.usage.key_records import Actor
from sfm2.server.usage.keys import Keys
from sfm2.server.usage.store import Store
from sfm2.types import KeyScope
from tests.cli.conftest import Sfm2
from tests.server.live import settings_for

Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    loaded = Loaded(settings_for(tmp_path), {}, [])
    return lambda *arguments: CliRunner().invoke(command, arguments, obj=loaded)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    with closing(Store.in_folder(tmp_path)) as store:
        yield Keys(store)


def test_a_key_has_the_scopes_that_were_named(typed: Typed, keys: Keys) -> None:
    assert keys.check(typed("create").stdout.strip()).scopes == (KeyScope.GENERATE, KeyScope.STATS)
    named = typed("create", "--scope", "admin", "--scope", "generate").stdout.strip()
    assert keys.check(named).scopes == (KeyScope.GENERATE, KeyScope.ADMIN)
    wrong = typed("create", "--scope", "root")
    assert (wrong.exit_code, "'generate', 'stats', 'admin'" in wrong.stderr) == (2, True)


def test_a_key_expires_when_that_was_asked_for(typed: Typed, keys: Keys) -> None:
    made = typed("create", "--expires", "90d")
    expires_at = keys.check(made.stdout.strip()).expires_at
    assert expires_at == pytest.approx(time.time() + 90 * 86_400, abs=600)
    assert f"It expires at {time.strftime('%Y-%m-%d %H:%M', time.gmtime(expires_at))} UTC." in made.stderr
    for wrong in ("90", "soon", "20000d"):
        assert typed("create", "--expires", wrong).exit_code == 2
    refused = typed("create", "--expires", "0d")
    assert isinstance(refused.exception, InvalidRequestError)
    assert len(keys.all()) == 1


def test_rotating_prints_the_new_key_and_says_what_becomes_of_the_old_one(typed: Typed, keys: Keys) -> None:
    old = typed("create", "--name", "ci").stdout.strip()
    key_id = old.split("_")[1]
    done = typed("rotate", key_id, "--grace", "1h", "--expires", "90d")
    new = done.stdout.strip()
    assert (new.split("_")[1], new != old) == (key_id, True)
    assert keys.check(old) == keys.check(new)
    assert "The key as it was works until" in done.stderr
    done = typed("rotate", key_id)
    assert "The key as it was is refused from now on." in done.stderr
    assert keys.check(done.stdout.strip()).name == "ci"
    with pytest.raises(AuthenticationError):
        keys.check(new)


def test_the_list_shows_scopes_ends_and_the_last_use(typed: Typed, keys: Keys, tmp_path: Path) -> None:
    key, _ = keys.create("a name with spaces", "5/second", scopes=[KeyScope.STATS], lifetime=1e8)
    keys.used({key.id: 1.8e9})
    with closing(Store.in_folder(tmp_path)) as store:
        Keys(store, clock=lambda: 1e9).create("old", lifetime=60)
    old, new = typed("list").stdout.splitlines()[1:]
    assert "stats" in new.split()
    assert "2027-01-15 08:00" in new
    assert new.endswith("  a name with spaces")
    assert old.split()[3:] == ["expired", "-", "-", "generate,stats", "2001-09-09", "01:47", "-", "old"]
    shown = json.loads(typed("list", "--json").stdout)
    assert [one["scopes"] for one in shown] == [["generate", "stats"], ["stats"]]
    assert shown[1]["last_used_at"] == 1.8e9
    assert shown[1].keys() == {
        *("id", "name", "rate", "adapter", "scopes"),
        *("created_at", "expires_at", "revoked_at", "last_used_at", "previous_until"),
    }


def test_the_log_shows_who_did_what(typed: Typed, keys: Keys) -> None:
    assert "Nothing was done" in typed("log").stdout
    key_id = typed("create", "--name", "ci", "--expires", "1d").stdout.split("_")[1]
    keys.revoke(key_id, by=Actor("0123456789ab", address="203.0.113.9"))
    head, revoked, created = typed("log").stdout.splitlines()
    assert head.split() == ["TIME", "DONE", "KEY", "BY", "FROM", "WITH"]
    assert revoked.split()[2:] == ["revoke", key_id, "key", "0123456789ab", "203.0.113.9"]
    assert created.split()[2:7] == ["create", key_id, "user", str(Actor.this_user().user), "-"]
    assert "name=ci scopes=generate,stats expires_at=2" in created
    (newest,) = json.loads(typed("log", "--limit", "1", "--json").stdout)
    assert (newest["action"], newest["by_key"], newest["address"]) == ("revoke", "0123456789ab", "203.0.113.9")


def test_a_name_is_one_printable_line(typed: Typed, keys: Keys) -> None:
    refused = typed("create", "--name", "\x1b[2Jada")
    assert isinstance(refused.exception, InvalidRequestError)
    assert "printable" in refused.exception.message
    assert keys.all() == []


def test_who_did_it_is_the_systems_user_whatever_the_variables_say(sfm2: Sfm2) -> None:
    sfm2("keys", "create", USER="mallory", LOGNAME="mallory", USERNAME="mallory")
    (entry,) = json.loads(sfm2("keys", "log", "--json").stdout)
    assert entry["by_user"] != "mallory"
    assert entry["by_user"] == Actor.this_user().user


def test_mistakes_are_said_in_a_sentence(sfm2: Sfm2) -> None:
    refused = sfm2("keys", "rotate", "nobody")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: there is no key nobody\nhint: `sfm2 keys list`")


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="users have no numbers here")
def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_123)
    assert Actor.this_user().user == "uid 2000000123"
