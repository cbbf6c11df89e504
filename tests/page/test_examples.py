"""Every example of the page gives the right answer on the shipped weights: it is asked as a user does, and its code runs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.conftest import Running
from tests.page.conftest import Opened

PATIENCE = 240_000  # ms
EXAMPLES: list[dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "page" / "src" / "write" / "examples.json").read_text(encoding="utf-8")
)


def is_prime(code: str) -> None:
    space: dict[str, Callable[[int], bool]] = {}
    exec(compile(code, "example", "exec"), space)
    primes = [n for n in range(-3, 200) if space["is_prime"](n)]
    assert primes == [n for n in range(2, 200) if all(n % d for d in range(2, n))]


def stack(code: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    use = "const s = new Stack(); s.push(1); s.push(2); console.log(s.items.join(), s.pop(), s.pop(), s.pop());"
    done = subprocess.run([node, "-e", f"{code}\n{use}"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "1,2 2 1 undefined"


def binary_search(code: str) -> None:
    space: dict[str, Callable[[list[int], int], int]] = {}
    exec(compile(code, "example", "exec"), space)
    for length in range(12):
        items = [3 * n for n in range(length)]
        for wanted in range(-2, 3 * length + 2):
            assert space["binary_search"](items, wanted) == (items.index(wanted) if wanted in items else -1)


def totals(code: str) -> None:
    table, query = code.split(";", 1)
    database = sqlite3.connect(":memory:")
    database.execute(table)
    orders = [("ada", 2.5), ("bob", 1.0), ("ada", 4.0)]
    database.executemany("INSERT INTO orders (customer, total) VALUES (?, ?)", orders)
    assert sorted(database.execute(query).fetchall()) == [("ada", 6.5), ("bob", 1.0)]


CHECKS: dict[str, Callable[[str], None]] = {
    "is_prime": is_prime,
    "Stack": stack,
    "binary search": binary_search,
    "totals": totals,
}


def test_every_example_has_a_check() -> None:
    assert [example["label"] for example in EXAMPLES] == list(CHECKS)


@pytest.mark.parametrize(
    ("label", "wrong"),
    [
        ("is_prime", "def is_prime(n):\n    return n % 2 == 1\n"),
        (
            "Stack",
            "class Stack { constructor() { this.items = [] } push(item) { items.push(item) } pop() { return items.pop() } }",
        ),
        ("binary search", "def binary_search(items, wanted):\n    return 0\n"),
        (
            "totals",
            "CREATE TABLE orders (customer TEXT, total REAL); SELECT customer, MAX(total) FROM orders GROUP BY customer;",
        ),
    ],
)
def test_a_wrong_answer_is_seen(label: str, wrong: str) -> None:
    with pytest.raises((AssertionError, subprocess.CalledProcessError)):
        CHECKS[label](wrong)


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["label"])
def test_the_answer_is_right(opened: Opened, patient_server: Running, example: dict[str, str]) -> None:
    desk = opened(patient_server.url)
    desk.page.get_by_role("button", name=example["label"], exact=True).click()
    expect(desk.ghost).to_be_visible(timeout=PATIENCE)
    expect(desk.fact("Tokens")).to_be_visible(timeout=PATIENCE)  # it is whole
    desk.press("Tab")
    CHECKS[example["label"]](desk.text())
