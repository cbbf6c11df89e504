"""Secrets of other files never reach the model."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.prompts.secrets import MASK, without_secrets

LETTERS = "aB3dE5gH7jK9" * 6


@pytest.mark.parametrize(
    "key",
    [
        f"ghp_{LETTERS[:36]}",
        f"github_pat_{LETTERS}",
        f"glpat-{LETTERS[:20]}",
        f"xoxb-{LETTERS[:24]}",
        "AKIA" + "A1B2C3D4" * 2,
        f"AIza{LETTERS[:35]}",
        f"sk_live_{LETTERS[:24]}",
        f"sk-proj-{LETTERS[:40]}",
        f"hf_{LETTERS[:34]}",
        f"npm_{LETTERS[:36]}",
        f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:30]}.{LETTERS[:20]}",
    ],
)
@pytest.mark.parametrize("line", ["KEY = '{}'", "curl -H 'Authorization: Bearer {}'", "{}", "# {}\nx = 1"])
def test_keys_are_known_by_their_format(key: str, line: str) -> None:
    assert without_secrets(line.format(key)) == line.format(MASK)


@pytest.mark.parametrize(
    ("code", "masked"),
    [
        ('password = "hunter2hunter2"', f'password = "{MASK}"'),
        (
            "const apiKey: string = x\nconst API_KEY = 'a1b2c3d4e5'",
            f"const apiKey: string = x\nconst API_KEY = '{MASK}'",
        ),
        ('{"client_secret": "a1b2c3d4e5"}', f'{{"client_secret": "{MASK}"}}'),
        ('password: str = "hunter2hunter2"', f'password: str = "{MASK}"'),
        ("const apiKey: string | null = 'a1b2c3d4e5'", f"const apiKey: string | null = '{MASK}'"),
        ('os.environ["API_KEY"] = "a1b2c3d4e5"', f'os.environ["API_KEY"] = "{MASK}"'),
        ("'password' => 'a1b2c3d4e5',", f"'password' => '{MASK}',"),
        ("dbPassword := `a1b2c3d4e5`", f"dbPassword := `{MASK}`"),
        ("postgres://shop:geheim123@db/shop", f"postgres://shop:{MASK}@db/shop"),
        (
            "k = '''-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----'''",
            f"k = '''-----BEGIN RSA PRIVATE KEY-----\n{MASK}\n-----END RSA PRIVATE KEY-----'''",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIE and no end", f"-----BEGIN PRIVATE KEY-----\n{MASK}\n"),
    ],
)
def test_what_is_named_or_written_like_a_secret_is_masked(code: str, masked: str) -> None:
    assert without_secrets(code) == masked


@pytest.mark.parametrize(
    "code",
    [
        "password = get_password(user)",
        'password = "${DB_PASSWORD}"',
        'PASSWORD_HELP = "Enter your password here"',
        'if password == "":',
        "postgres://shop:${PASSWORD}@db/shop",
        "https://example.com/a:b@c",
        "skip-this-and-that-and-more",
        "def secret_santa(people: list[str]) -> dict[str, str]:",
        'token: Literal["none", "some"]',
        "git@github.com:owner/name.git",
    ],
)
def test_other_code_stays_as_it_is(code: str) -> None:
    assert without_secrets(code) == code


@given(st.text())
def test_masking_twice_changes_nothing(text: str) -> None:
    assert without_secrets(without_secrets(text)) == without_secrets(text)


@pytest.mark.parametrize(
    "piece", ["sk-", "password: str ", "eyJa.", "password=", "://a:", "-----BEGIN PRIVATE KEY-----", "'", "a.b-"]
)
def test_no_text_takes_long(piece: str) -> None:
    began = time.process_time()
    without_secrets(piece * 5_000)
    assert time.process_time() - began < 1
