"""What an index makes of folders and files that are odd, hostile or broken."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sfm2.errors import RepositoryError, RepositoryIndexError
from sfm2.repository import schema, writing
from sfm2.repository.index import RepositoryIndex
from sfm2.repository.writing import ReadFile, Written
from tests.repository.conftest import Opens, fill, git

needs_links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need a right there")


def test_a_folder_without_git_is_read_by_its_ignore_files(folder: Path, indexed: Opens) -> None:
    (folder / ".gitignore").write_text("*.gen.py\n/out/\n")
    (folder / "a.gen.py").write_text("generated = 1\n")
    (folder / "shop" / ".gitignore").write_text("!kept.gen.py\nlocal.py\n")
    (folder / "shop" / "kept.gen.py").write_text("kept = 1\n")
    (folder / "shop" / "local.py").write_text("local = 1\n")
    (folder / "out").mkdir()
    (folder / "out" / "made.py").write_text("made = 1\n")
    index = indexed(folder)
    assert index.paths() == ["checkout.py", "shop/kept.gen.py", "shop/model.py"]
    assert index.update(["out/made.py", "a.gen.py", "shop/local.py", "out", "shop"])[:3] == (0, 0, 0)


def test_a_folder_that_the_repository_around_it_ignores_is_read(repository: Path, indexed: Opens) -> None:
    (repository / ".gitignore").write_text("inner/\n")
    inner = fill(repository / "inner")
    assert indexed(inner).paths() == ["checkout.py", "shop/model.py"]


def test_git_decides_what_is_ignored(repository: Path, indexed: Opens) -> None:
    (repository / ".gitignore").write_text("secretly.py\n")
    for name in ("secretly.py", "openly.py"):
        (repository / name).write_text("x = 1\n")
    index = indexed(repository)
    assert index.paths() == ["checkout.py", "openly.py", "shop/model.py"]
    assert index.update(["secretly.py"])[:3] == (0, 0, 0)


def test_a_bare_repository_has_no_files_to_index(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
    with pytest.raises(RepositoryError, match="bare repository"):
        RepositoryIndex.open(tmp_path / "bare.git", tmp_path / "index.db")


def test_other_repositories_inside_are_left_out(repository: Path, tmp_path: Path, indexed: Opens) -> None:
    other = fill(tmp_path / "other")
    git(other, "init", "--quiet")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "--message", "Other")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "module")
    shutil.copytree(other, repository / "nested")
    assert indexed(repository).paths() == [".gitmodules", "checkout.py", "shop/model.py"]


@needs_links
def test_links_are_not_followed(repository: Path, tmp_path: Path, indexed: Opens) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "private.py").write_text("password = 1\n")
    (repository / "link.py").symlink_to(outside / "private.py")
    (repository / "there").symlink_to(outside)
    (repository / "circle").symlink_to(repository)
    (repository / "shop" / "self.py").symlink_to("self.py")
    index = indexed(repository)
    assert index.paths() == ["checkout.py", "shop/model.py"]
    assert index.update(["link.py", "there/private.py", "there", "circle/checkout.py"])[:3] == (0, 0, 0)


@needs_links
def test_a_tracked_folder_that_became_a_link_is_gone(repository: Path, tmp_path: Path, indexed: Opens) -> None:
    index = indexed(repository)
    (repository / "shop").rename(tmp_path / "outside")
    (repository / "shop").symlink_to(tmp_path / "outside")
    assert index.update().removed == 1
    assert index.paths() == ["checkout.py"]


@needs_links
def test_links_in_a_plain_folder_are_not_followed(folder: Path, tmp_path: Path, indexed: Opens) -> None:
    (folder / "circle").symlink_to(folder)
    (tmp_path / "private.py").write_text("password = 1\n")
    (folder / "link.py").symlink_to(tmp_path / "private.py")
    index = indexed(folder)
    assert index.paths() == ["checkout.py", "shop/model.py"]
    assert index.update(["circle/checkout.py", "circle", "link.py"])[:3] == (0, 0, 0)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe in the file system")
def test_a_pipe_is_not_waited_for(folder: Path, indexed: Opens) -> None:
    os.mkfifo(folder / "pipe.py")
    assert indexed(folder).paths() == ["checkout.py", "shop/model.py"]


def test_a_huge_file_is_not_read(repository: Path, indexed: Opens) -> None:
    with (repository / "huge.py").open("wb") as file:
        file.truncate(500_000_000)
    assert indexed(repository).paths() == ["checkout.py", "shop/model.py"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin.py", "naïve = 1\n".encode("latin-1")),
        ("binary.py", b"x = 1\0\n"),
        ("bundle.js", b"var a=1;" * 500),
        ("empty.py", b""),
        ("made.py", b"# Code generated by a tool. DO NOT EDIT.\nx = 1\n"),
        ("api_pb2.py", b"x = 1\n"),
        ("app.min.js", b"x = 1\n"),
        ("package-lock.json", b"{}\n"),
        ("node_modules/left/pad.js", b"x = 1\n"),
        ("unknown.xyz", b"x = 1\n"),
        (".env", b"TOKEN=1\n"),
        ("deploy/prod.env", b"TOKEN=1\n"),
        ("config/credentials.yml", b"token: 1\n"),
        ("secrets.toml", b"token = 1\n"),
        ("key.pem", b"x\n"),
        ("id_rsa", b"x\n"),
        ("terraform.tfvars", b"x = 1\n"),
        ("login.py", b'KEY = """-----BEGIN RSA PRIVATE KEY-----\nMII\n"""\n'),
    ],
)
def test_what_is_no_code_of_theirs_or_holds_secrets_is_left_out(
    repository: Path, indexed: Opens, name: str, content: bytes
) -> None:
    (repository / name).parent.mkdir(parents=True, exist_ok=True)
    (repository / name).write_bytes(content)
    index = indexed(repository)
    assert index.paths() == ["checkout.py", "shop/model.py"]
    assert index.update()[:3] == (0, 0, 0)


def test_code_that_handles_secrets_is_code(repository: Path, indexed: Opens) -> None:
    (repository / "secrets.py").write_text("def read(): ...\n")
    assert "secrets.py" in indexed(repository).paths()


def test_a_file_that_becomes_one_to_leave_out_is_removed(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    (repository / "checkout.py").write_bytes(b"\0\0\0")
    assert index.update()[:3] == (0, 0, 1)
    assert index.paths() == ["shop/model.py"]
    (repository / "checkout.py").write_text("back = True\n")
    assert index.update()[:3] == (1, 0, 0)


@pytest.mark.parametrize("with_git", [True, False])
def test_names_that_are_not_utf_8_are_left_out_and_said(
    repository: Path, folder: Path, indexed: Opens, caplog: pytest.LogCaptureFixture, with_git: bool
) -> None:
    root = repository if with_git else folder
    try:
        Path(os.fsdecode(os.fsencode(root) + b"/na\xefve.py")).write_text("x = 1\n")
    except OSError:
        pytest.skip("this file system has no such names")
    assert indexed(root).paths() == ["checkout.py", "shop/model.py"]
    assert "names are not UTF-8" in caplog.text


def test_odd_names_are_names(repository: Path, indexed: Opens) -> None:
    names = [" space .py", "-dash.py", ":(glob)*.py", "new\nline.py", "ünï.py", "'quote\".py"]
    if os.name == "nt":
        names = [" space .py", "-dash.py", "ünï.py"]
    for name in names:
        (repository / name).write_text("odd = 1\n")
    index = indexed(repository)
    assert set(names) <= set(index.paths())
    for name in names:
        (repository / name).write_text("odder = 1\n")
        assert index.update([name]).changed == 1


@pytest.mark.parametrize("what", ["none", "file"])
def test_a_root_that_is_no_folder_is_refused(tmp_path: Path, what: str) -> None:
    root = tmp_path / "root"
    if what == "file":
        root.write_text("x")
    with pytest.raises(RepositoryError, match="can't be indexed"):
        RepositoryIndex.open(root, tmp_path / "index.db")
    assert not (tmp_path / "index.db").exists()


def test_a_repository_that_vanishes_meanwhile_is_an_error_and_what_was_known_is_known_still(
    repository: Path, indexed: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = indexed(repository)
    for name in ("checkout.py", "shop/model.py"):
        (repository / name).write_text("other = 1\n")

    def vanishing(file: str, content: object) -> ReadFile:
        shutil.rmtree(repository)
        return _read(file, content)  # type: ignore[arg-type]

    _read = writing.read
    monkeypatch.setattr(writing, "read", vanishing)
    with pytest.raises(RepositoryError, match="no such folder"):
        index.update()
    with pytest.raises(RepositoryError, match="no such folder"):
        index.update(["checkout.py"])
    assert index.paths() == ["checkout.py", "shop/model.py"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is denied to this user")
def test_a_file_that_may_not_be_read_is_left_out(
    repository: Path, indexed: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    (repository / "checkout.py").chmod(0)
    index = indexed(repository)
    assert index.paths() == ["shop/model.py"]
    assert "checkout.py is left out: Permission denied" in caplog.text
    (repository / "checkout.py").chmod(0o644)
    assert index.update().added == 1


def test_a_file_that_the_system_refuses_is_left_out(
    repository: Path, indexed: Opens, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(path: str, *rest: int) -> int:
        if str(path).endswith("checkout.py"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refusing)
        index = indexed(repository)
    assert index.paths() == ["shop/model.py"]
    assert "checkout.py is left out: Permission denied" in caplog.text
    assert index.update().added == 1


@pytest.mark.parametrize("damage", ["no database", "cut", "overwritten", "older version", "another folder"])
def test_a_file_that_can_not_be_used_is_built_anew_which_is_said_once(
    repository: Path, folder: Path, indexed: Opens, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    indexed(folder if damage == "another folder" else repository).close()
    file = tmp_path / "state" / "index.db"
    _damage(file, damage)
    index = indexed(repository)
    assert index.paths() == ["checkout.py", "shop/model.py"]
    assert index.search(["gross"])
    assert caplog.text.count("is built anew") == 1


def _damage(file: Path, damage: str) -> None:
    content = file.read_bytes()
    if damage == "no database":
        file.write_bytes(b"no database at all" * 1000)
    elif damage == "cut":
        file.write_bytes(content[: len(content) // 3])
    elif damage == "overwritten":
        file.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    elif damage == "older version":
        with sqlite3.connect(file) as connection:
            connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
        connection.close()


def test_damage_while_it_is_open_gives_empty_answers_until_the_next_update(
    repository: Path, indexed: Opens, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = indexed(repository)
    index.close()
    assert index.paths()
    file = tmp_path / "state" / "index.db"
    index.close()
    _damage(file, "overwritten")
    assert index.definitions_of(["Item"]) == []
    assert index.search(["gross"]) == []
    assert caplog.text.count("is built anew") == 1
    assert index.update().added == 2
    assert index.definitions_of(["Item"])


def test_another_programs_database_is_left_alone(repository: Path, tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (value)")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(RepositoryIndexError, match="another program's database"):
        RepositoryIndex.open(repository, file)
    assert file.read_bytes() == before


def test_a_full_disk_is_an_error_and_leaves_nothing_half_written(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    for number in range(40):
        (repository / f"more{number}.py").write_text(f"a_long_name_{number} = 1\n" * 2000)
    with index._storage.writing() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 60}")
    with pytest.raises(RepositoryIndexError, match="the disk is full"):
        index.update()
    for path in index.paths():
        assert index.text(path) == (repository / path).read_text()
        assert index.passages(path)
    assert {"checkout.py", "shop/model.py"} <= set(index.paths())
    with index._storage.writing() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    index.update()
    assert len(index.paths()) == 42


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is denied to this user")
def test_a_folder_that_can_not_be_written_to_is_an_error(repository: Path, tmp_path: Path) -> None:
    state = tmp_path / "locked"
    state.mkdir(mode=0o500)
    with pytest.raises(RepositoryIndexError, match="can't be opened"):
        RepositoryIndex.open(repository, state / "index.db")


def test_a_place_that_is_a_folder_is_an_error(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(RepositoryIndexError, match="can't be opened"):
        RepositoryIndex.open(repository, tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_only_the_owner_may_read_it(repository: Path, indexed: Opens, tmp_path: Path) -> None:
    indexed(repository)
    for file in (tmp_path / "state").glob("index.db*"):
        if file.suffix != ".lock":
            assert file.stat().st_mode & 0o077 == 0


def test_several_threads_may_ask_while_another_updates(repository: Path, indexed: Opens) -> None:
    index = indexed(repository)
    failures: list[Exception] = []
    done = threading.Event()

    def asking() -> None:
        try:
            while not done.is_set():
                for one in index.definitions_of(["only"]):
                    number = one.passage.text.split()[2]
                    assert one.passage.path == f"f{number}.py"
                index.search(["only", "gross"])
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    askers = [threading.Thread(target=asking) for _ in range(2)]
    for asker in askers:
        asker.start()
    for number in range(30):
        (repository / f"f{number % 5}.py").write_text(f"only = {number % 5}\n" + "\n" * number)
        index.update([f"f{number % 5}.py"])
    done.set()
    for asker in askers:
        asker.join()
    assert failures == []


def _updating(root: Path, file: Path, batches: list[int]) -> None:
    """In another process, which is killed while it writes its second batch."""
    real: Callable[..., Written] = writing.put

    def killing(connection: sqlite3.Connection, file: ReadFile) -> Written:
        batches.append(1)
        if len(batches) > 30:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(connection, file)

    writing.put = killing
    RepositoryIndex.open(root, file).update()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_process_that_is_killed_leaves_a_sound_index(repository: Path, tmp_path: Path, indexed: Opens) -> None:
    for number in range(40):
        (repository / f"more{number}.py").write_text(f"name_{number} = 1\n" * 500)
    file = tmp_path / "state" / "index.db"
    process = multiprocessing.get_context("spawn").Process(target=_updating, args=(repository, file, []))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with RepositoryIndex.open(repository, file) as index:
        kept = index.paths()
        assert 0 < len(kept) < 42
        assert all(index.text(path) == (repository / path).read_text() for path in kept)
    assert indexed(repository).update().added == 0


def _indexing(root: Path, file: Path) -> None:
    with RepositoryIndex.open(root, file) as index:
        index.update()
        index.update(["checkout.py"])


def test_two_processes_may_build_it_at_once(repository: Path, tmp_path: Path) -> None:
    for number in range(40):
        (repository / f"more{number}.py").write_text(f"name_{number} = 1\n" * 300)
    file = tmp_path / "state" / "index.db"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_indexing, args=(repository, file)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    with RepositoryIndex.open(repository, file) as index:
        assert index.update()[:3] == (0, 0, 0)
        assert len(index.paths()) == 42
        assert len(index.definitions_of(["name_7"], limit=1000)) == 300


def test_an_index_that_is_deleted_while_it_is_open_is_made_again(
    repository: Path, indexed: Opens, tmp_path: Path
) -> None:
    index = indexed(repository)
    for file in (tmp_path / "state").iterdir():
        file.unlink()
    assert index.paths() == []
    assert index.update().added == 2
