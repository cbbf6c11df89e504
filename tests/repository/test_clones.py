"""Repositories elsewhere, fetched by a real git from folders and from a port of this machine: no network."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from threading import Thread

import pytest

from sfm2.corpus.git_url import GitURL
from sfm2.errors import RepositoryError
from sfm2.repository.clones import RepositoryClones
from tests.repository.conftest import git
from tests.server.certificates import self_signed


@pytest.fixture
def url(repository: Path) -> GitURL:
    return GitURL.parse(f"file://{repository}")


@pytest.fixture
def clones(tmp_path: Path) -> RepositoryClones:
    return RepositoryClones(tmp_path / "cache")


def commit(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        (root / f"{name}.py").write_text(text)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Next")


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_a_clone_has_the_newest_commit_and_only_its_owner_may_read_it(
    clones: RepositoryClones, url: GitURL, repository: Path
) -> None:
    commit(repository, news="x = 1\n")
    root = clones.fetch(url)
    assert root == clones.root(url)
    assert names(root) == {".git", "checkout.py", "shop", "news.py"}
    assert clones.url_of(root) == GitURL.parse(url.shown)
    assert clones.holds(root)
    assert not clones.holds(repository)
    assert (root / ".git" / "shallow").is_file()
    assert stat.S_IMODE(root.parent.parent.stat().st_mode) == 0o700
    assert not (root / "news.py").stat().st_mode & 0o077


def test_fetching_again_takes_in_what_is_new_and_what_is_gone(
    clones: RepositoryClones, url: GitURL, repository: Path
) -> None:
    root = clones.fetch(url)
    (root / "left by one that was killed.py").write_text("x = 1\n")
    (root / ".git" / "index.lock").touch()
    git(repository, "checkout", "--quiet", "-b", "other")
    git(repository, "rm", "--quiet", "checkout.py")
    commit(repository, news="x = 1\n")
    assert clones.fetch(url) == root
    assert names(root) == {".git", "shop", "news.py"}


def test_a_history_that_was_written_anew_is_taken_in(clones: RepositoryClones, url: GitURL, repository: Path) -> None:
    clones.fetch(url)
    git(repository, "commit", "--quiet", "--amend", "--message", "Other")
    commit(repository, news="x = 1\n")
    assert "news.py" in names(clones.fetch(url))


def test_a_clone_that_is_damaged_is_made_anew(clones: RepositoryClones, url: GitURL) -> None:
    root = clones.fetch(url)
    (root / ".git" / "HEAD").write_text("nonsense")
    assert "shop" in names(clones.fetch(url))
    git(root, "status")


def test_a_clone_that_fails_leaves_nothing_and_one_that_there_was_stays(
    clones: RepositoryClones, url: GitURL, repository: Path
) -> None:
    moved = repository.rename(repository.with_name("moved"))
    with pytest.raises(RepositoryError, match="there is no git repository"):
        clones.fetch(url)
    assert not clones.root(url).parent.exists()
    moved.rename(repository)
    root = clones.fetch(url)
    repository.rename(moved)
    with pytest.raises(RepositoryError, match="there is no git repository"):
        clones.fetch(url)
    assert "shop" in names(root)


def test_what_is_removed_is_gone(clones: RepositoryClones, url: GitURL) -> None:
    root = clones.fetch(url)
    clones.remove(url)
    clones.remove(url)
    assert not root.parent.exists()
    assert clones.url_of(root) is None


def test_links_are_not_followed_and_nothing_of_it_runs(
    clones: RepositoryClones, url: GitURL, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what a person's own git would run in a new clone."""
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    (tmp_path / "secret.py").write_text("x = 1\n")
    (repository / "link.py").symlink_to(tmp_path / "secret.py")
    commit(repository)
    root = clones.fetch(url)
    assert not (root / "link.py").is_symlink()
    assert not (tmp_path / "ran").exists()


def test_a_repository_without_a_commit_is_told(clones: RepositoryClones, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    with pytest.raises(RepositoryError, match="it has no commit yet"):
        clones.fetch(GitURL.parse(f"file://{tmp_path}/empty.git"))


def test_without_git_that_is_told(clones: RepositoryClones, url: GitURL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RepositoryError, match="git is not installed"):
        clones.fetch(url)


def test_a_cache_that_can_t_be_written_is_told(url: GitURL, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(RepositoryError, match="There can't be a clone in"):
        RepositoryClones(tmp_path / "cache").fetch(url)


@pytest.mark.parametrize(
    "scheme", ["https", pytest.param("ssh", marks=pytest.mark.skipif(which("ssh") is None, reason="needs ssh"))]
)
def test_a_host_that_can_t_be_reached_is_told_without_the_password(clones: RepositoryClones, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RepositoryError, match="its host can't be reached") as caught:
        clones.fetch(GitURL.parse(f"{scheme}://ada:s3cret@127.0.0.1:{port}/shop.git"))
    assert "s3cret" not in str(caught.value)


def test_a_host_that_never_answers_is_given_up(clones: RepositoryClones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sfm2.corpus.fetching.TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = GitURL.parse(f"https://127.0.0.1:{silent.getsockname()[1]}/shop.git")
        with pytest.raises(RepositoryError, match="it took longer than"):
            clones.fetch(url)
    assert not clones.root(url).parent.exists()


class Asking(BaseHTTPRequestHandler):
    """Wants to know who asks."""

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.UNAUTHORIZED)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[str]:
    """The address of a repository on a server that wants a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path), tmp_path / "key.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), Asking) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}/shop.git"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("who", ["", "ada@", "ada:s3cret@"])
def test_nobody_is_asked_who_it_is(
    clones: RepositoryClones, asking: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setenv("GIT_SSL_CAINFO", str(tmp_path / "certificate.pem"))
    for variable in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(variable, f"touch {tmp_path}/asked")
    with pytest.raises(RepositoryError, match="it wants to know who asks") as caught:
        clones.fetch(GitURL.parse(f"https://{who}{asking}"))
    assert "ada" not in str(caught.value)
    assert not (tmp_path / "asked").exists()


def test_a_host_that_nobody_vouches_for_is_told(clones: RepositoryClones, asking: str) -> None:
    with pytest.raises(RepositoryError, match="can't prove who it is"):
        clones.fetch(GitURL.parse(f"https://{asking}"))


def test_a_password_is_nowhere_on_the_disk(
    clones: RepositoryClones, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetched over https, as git's own settings send it to a folder."""
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "file://{repository}"]\n\tinsteadOf = https://ada:s3cret@git.example.com/shop.git\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    root = clones.fetch(GitURL.parse("https://ada:s3cret@git.example.com/shop.git"))
    found = clones.url_of(root)
    assert found is not None
    assert found.given == "https://git.example.com/shop.git"
    files = [Path(folder, name) for folder, _, names in os.walk(tmp_path / "cache") for name in names]
    assert not [file for file in files if b"s3cret" in file.read_bytes()]
