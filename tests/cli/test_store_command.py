"""`sfm2 store backup` and `restore`, as processes, beside a real server."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from sfm2.testing import serve_process
from tests.cli.conftest import Sfm2

pytestmark = pytest.mark.slow

BACKUP = "backup.db"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def created(sfm2: Sfm2, name: str) -> str:
    done = sfm2("keys", "create", "--name", name)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def names(sfm2: Sfm2) -> list[str]:
    return [key["name"] for key in json.loads(sfm2("keys", "list", "--json").stdout)]


def succeeded(sfm2: Sfm2, *arguments: str) -> str:
    done = sfm2("store", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return " ".join(done.stdout.split())


def refused(sfm2: Sfm2, *arguments: str) -> str:
    done = sfm2("store", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_key_of_a_backup_opens_a_server_on_another_machine(sfm2: Sfm2, data: Path, tmp_path: Path) -> None:
    key = created(sfm2, "ada")
    assert "Backed up 1 key and the counts of 0 requests" in succeeded(sfm2, "backup", BACKUP)
    assert stat.S_IMODE((tmp_path / BACKUP).stat().st_mode) == 0o600
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    there = {"SFM2_STORAGE_DATA_DIR": str(elsewhere)}
    assert sfm2("store", "restore", BACKUP, **there).returncode == 0
    with serve_process(elsewhere, environment={"SFM2_FALLBACK_CHAIN": "echo"}) as server:
        ask = {"prompt": "x"}
        assert httpx.post(f"{server.url}/generate", json=ask).status_code == 401
        answered = httpx.post(f"{server.url}/generate", json=ask, headers={"X-API-Key": key})
        assert answered.status_code == 200


def test_the_store_of_a_running_server_is_backed_up_and_not_replaced(sfm2: Sfm2, data: Path, tmp_path: Path) -> None:
    key = created(sfm2, "ada")
    with serve_process(data, environment={"SFM2_FALLBACK_CHAIN": "echo"}) as server:
        headers = {"X-API-Key": key}
        for _ in range(3):
            assert httpx.post(f"{server.url}/generate", json={"prompt": "x"}, headers=headers).status_code == 200
        assert "a server has it open" in succeeded(sfm2, "backup", BACKUP)
        created(sfm2, "after the backup")
        assert "has it open" not in refused(sfm2, "backup", BACKUP)
        assert "Stop the server" in refused(sfm2, "restore", BACKUP)
        assert httpx.get(f"{server.url}/stats", headers=headers).json()["total_requests"] == 3
    assert names(sfm2) == ["ada", "after the backup"]
    assert "no server runs" in succeeded(sfm2, "backup", BACKUP, "--force")
    with closing(sqlite3.connect(tmp_path / BACKUP)) as copied:
        assert copied.execute("SELECT value FROM counters WHERE name = 'requests'").fetchall() == [(3.0,)]


def test_what_is_replaced_is_kept(sfm2: Sfm2, data: Path) -> None:
    created(sfm2, "ada")
    succeeded(sfm2, "backup", BACKUP)
    created(sfm2, "bob")
    said = succeeded(sfm2, "restore", BACKUP)
    assert names(sfm2) == ["ada"]
    [kept] = data.glob("sfm2.db.*")
    assert said.endswith(f"What was there before is {kept}.")
    kept.replace(data / "sfm2.db")
    assert names(sfm2) == ["ada", "bob"]


def test_keys_that_are_valid_again_are_named(sfm2: Sfm2, data: Path) -> None:
    revoked, rotated, kept = (created(sfm2, name).split("_")[1] for name in ("ada", "bob", "cyd"))
    succeeded(sfm2, "backup", BACKUP)
    assert sfm2("keys", "revoke", revoked).returncode == 0
    assert sfm2("keys", "rotate", rotated).returncode == 0
    done = sfm2("store", "restore", BACKUP)
    said = " ".join(done.stderr.split())
    assert said.startswith(f"Valid again, though revoked or rotated since the backup: {revoked}, {rotated}.")
    assert kept not in said


def test_a_backup_takes_the_place_of_a_damaged_store(sfm2: Sfm2, data: Path) -> None:
    created(sfm2, "ada")
    succeeded(sfm2, "backup", BACKUP)
    (data / "sfm2.db").write_bytes(b"no database" * 1000)
    (data / "sfm2.db-wal").write_bytes(b"changes of another file" * 1000)
    succeeded(sfm2, "restore", BACKUP)
    assert names(sfm2) == ["ada"]


@pytest.mark.parametrize("kind", ["absent", "text", "empty", "cut", "flipped", "newer", "another's"])
def test_what_is_no_good_backup_is_refused_and_changes_nothing(
    sfm2: Sfm2, data: Path, tmp_path: Path, kind: str
) -> None:
    created(sfm2, "ada")
    backup = tmp_path / BACKUP
    succeeded(sfm2, "backup", BACKUP)
    whole = backup.read_bytes()
    said = {
        "absent": "there is no file",
        "text": "is damaged: file is not a database",
        "empty": "is no store of sfm2",
        "cut": "is damaged",
        "flipped": "is damaged",
        "newer": "is of a newer sfm2: its tables are of version 1000",
        "another's": "is no store of sfm2",
    }[kind]
    if kind == "absent":
        backup.unlink()
    elif kind in ("newer", "another's"):
        if kind == "another's":
            backup.unlink()
        with closing(sqlite3.connect(backup)) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS notes (text)")
            connection.execute(f"PRAGMA user_version = {1000 if kind == 'newer' else 1}")
            connection.commit()
    else:
        middle = len(whole) // 2
        content = {"text": b"no database" * 500, "empty": b"", "cut": whole[:middle]}
        backup.write_bytes(content.get(kind, whole[:4096] + b"\xff" * 8192 + whole[12288:]))
    before = (data / "sfm2.db").read_bytes()
    assert said in refused(sfm2, "restore", BACKUP)
    assert (data / "sfm2.db").read_bytes() == before
    assert [path.name for path in data.iterdir()] == ["sfm2.db"]


def test_a_backup_that_can_not_be_written_leaves_nothing(sfm2: Sfm2, data: Path, tmp_path: Path) -> None:
    assert "there is no store" in refused(sfm2, "backup", BACKUP)
    created(sfm2, "ada")
    assert "can't be written" in refused(sfm2, "backup", "nowhere/backup.db")
    (tmp_path / BACKUP).write_text("mine")
    assert "exists" in refused(sfm2, "backup", BACKUP)
    assert (tmp_path / BACKUP).read_text() == "mine"
    assert not list(tmp_path.glob(".*.partial"))


@pytest.mark.parametrize("action", ["backup", "restore"])
def test_a_store_that_machines_share_is_no_file(sfm2: Sfm2, tmp_path: Path, action: str) -> None:
    done = sfm2("store", action, BACKUP, SFM2_STORE_URL="valkey://:hidden@host")
    assert (done.returncode, done.stdout) == (2, "")
    assert "storage.url is set" in done.stderr
    assert "hidden" not in done.stderr
    assert not (tmp_path / BACKUP).exists()
