"""Which addresses git is given, and what of them is shown."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.corpus.git_url import GitURL, is_git_url
from sfm2.errors import RepositoryError

SHOWN = {
    "https://git.example.com/shop/shop.git": ("https://git.example.com/shop/shop.git", "shop"),
    "https://ada:s3cret@git.example.com/shop.git/": ("https://git.example.com/shop.git", "shop"),
    "https://s3cret@Git.Example.com:8443/shop": ("https://git.example.com:8443/shop", "shop"),
    "https://ada:s3c%2Fret@git.example.com/shop": ("https://git.example.com/shop", "shop"),
    "ssh://git@git.example.com:2222/shop.git": ("ssh://git@git.example.com:2222/shop.git", "shop"),
    "ssh://ada:s3cret@[::1]/~/my shop": ("ssh://ada@[::1]/~/my shop", "my-shop"),
    "git@git.example.com:team/shop.git": ("git@git.example.com:team/shop.git", "shop"),
    "file:///srv/git/shop.git": ("file:///srv/git/shop.git", "shop"),
    "FILE:///srv/git/.hidden": ("file:///srv/git/.hidden", "hidden"),
    "https://git.example.com/..": ("https://git.example.com/..", "repository"),
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_secret_in_an_address_is_not_shown(text: str) -> None:
    url = GitURL.parse(text)
    assert is_git_url(text)
    assert (url.shown, url.name) == SHOWN[text]
    assert "s3c" not in url.shown
    assert "s3c" not in url.hidden(f"fatal: {text} {text[:-1]} {unquote(text)}")
    assert GitURL.parse(url.shown).shown == url.shown


REFUSED = [
    "ext::sh -c 'touch /tmp/made'",
    "fd::17",
    "https::https://git.example.com/shop",
    "--upload-pack=touch /tmp/made",
    "-oProxyCommand=touch",
    "ssh://-oProxyCommand=touch/shop",
    "ssh://git@-oProxyCommand=touch/shop",
    "ssh://-l@host/shop",
    "http://git.example.com/shop",
    "git://git.example.com/shop",
    "ftp://git.example.com/shop",
    "https:///shop",
    "https://git.example.com/",
    "https://git.example.com/shop?token=s3cret",
    "https://ada:s3cret@/shop",
    "https://[git.example.com/shop",
    "https://git.example.com/a\nb",
    "file://host/shop",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_git_would_run_a_program_for_or_send_in_the_clear_is_refused(text: str) -> None:
    with pytest.raises(RepositoryError, match="can't be fetched") as caught:
        GitURL.parse(text)
    assert "ada" not in caught.value.message


@pytest.mark.parametrize("path", [".", "shop", "~/projects/shop", "C:\\shop", "a:b", "../@shop"])
def test_a_folder_is_no_address(path: str) -> None:
    assert not is_git_url(path)


@given(
    st.text(st.sampled_from("ab-@:/.%?#[] \n~_"), max_size=20), st.sampled_from(["https://", "ssh://", "file://", ""])
)
def test_any_text_is_refused_or_an_address_that_is_no_option(text: str, scheme: str) -> None:
    try:
        url = GitURL.parse(scheme + text)
    except RepositoryError:
        return
    assert not url.given.startswith("-")
    assert "/" not in url.name
    assert not url.name.startswith((".", "-"))
    assert GitURL.parse(url.shown).shown == url.shown
