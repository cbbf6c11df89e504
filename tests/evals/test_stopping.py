"""Where completions stop: an example of each rule, and different code that fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfm2.evals.items import Item
from sfm2.evals.stopping import stop

BLOCK = (
    "def total(rows, seen):\n    for row in rows:\n        ",
    "if row in seen:\n            continue\n        seen.add(row)\n        count(row)",
    "\n    return len(seen)\n\n\ndef other():\n    pass\n",
)
RETURNS = (
    "def total(rows):\n    ",
    "found = 0\n    for row in rows:\n        found += row\n    return found",
    "\n\n\ndef other():\n    pass\n",
)
LINE = ("def total(rows):\n    ", "found = sum(rows)", "\n    return found\n")
HEADER = ("def total(rows):\n    ", "for row in rows:", "\n        print(row)\n")
SPAN = ("def total(rows):\n    found = ", "sum(rows, ", "start)\n    return found\n")


def of(case: tuple[str, str, str], kind: str, completion: str, language: str = "python") -> str:
    prefix, expected, suffix = case
    return stop(Item("one", "one", prefix, suffix, language, kind, expected=expected), completion)


@pytest.mark.parametrize(
    ("completion", "ends"),
    [
        (BLOCK[1], "exact"),
        (BLOCK[1] + "\n\n", "exact"),
        ("if row not in seen:\n            seen.add(row)\n            count(row)", "exact"),
        ("if row in seen:\n            continue\n        # once\n        seen.add(row)\n        count( row )", "exact"),
        ("text = '''\nnot code\n'''\n        seen.add(text)\n        count(text)", "exact"),
        (BLOCK[1] + "\n    return len(seen)", "over"),
        (BLOCK[1] + "\n    log(seen)", "over"),
        (BLOCK[1] + "\n# done", "over"),
        (BLOCK[1] + "\n        return len(seen)", "over"),
        (BLOCK[1] + "\n        log(row)", "over"),
        ("continue\n        seen.add(row)\n        count(row)", "over"),
        ("\n        ".join(f"log({number})" for number in range(10)), "over"),
        ("count(row))", "over"),
        ("if row in seen:\n            continue\n        seen.add(row)", "under"),
        ("if row in seen:\n            continue\n        seen.add(", "under"),
        ("if row in seen:", "under"),
        ("log(row)", "under"),
    ],
)
def test_a_block_that_falls_through(completion: str, ends: str) -> None:
    assert of(BLOCK, "block", completion) == ends


@pytest.mark.parametrize(
    ("completion", "ends"),
    [
        (RETURNS[1], "exact"),
        ("return sum(rows)", "exact"),
        ("if rows:\n        return sum(rows)\n    else:\n        raise ValueError(rows)", "exact"),
        ("with lock:\n        return sum(rows)", "exact"),
        ("try:\n        return sum(rows)\n    except TypeError:\n        return 0", "exact"),
        ("found = sum(rows)", "under"),
        (RETURNS[1].removesuffix("ound"), "under"),
        ("found = 0\n    for row in rows:\n        return row", "under"),
        ("if rows:\n        return sum(rows)", "under"),
        ("return sum(rows)\n    print(rows)", "over"),
        ("return sum(rows)\n\n\ndef other():\n    return 1", "over"),
    ],
)
def test_a_block_that_leaves(completion: str, ends: str) -> None:
    assert of(RETURNS, "block", completion) == ends


@pytest.mark.parametrize(
    ("case", "completion", "ends"),
    [
        (LINE, LINE[1], "exact"),
        (LINE, "found = 0", "exact"),
        (LINE, "found = sum(\n        rows,\n    )", "exact"),
        (LINE, "found = sum(rows)  # all", "exact"),
        (LINE, "found = 0\n    found += 1", "over"),
        (LINE, "found = 0\n    # one more", "over"),
        (LINE, "found = 0\ndef other():", "over"),
        (LINE, "return found", "over"),
        (LINE, "found = sum(", "under"),
        (LINE, "found = sum", "under"),
        (LINE, "if rows:", "under"),
        (HEADER, HEADER[1], "exact"),
        (HEADER, "while rows:", "exact"),
        (HEADER, "rows.sort()", "under"),
        (HEADER, HEADER[1] + "\n        log(row)", "over"),
    ],
)
def test_a_line(case: tuple[str, str, str], completion: str, ends: str) -> None:
    assert of(case, "line", completion) == ends


@pytest.mark.parametrize(
    ("completion", "ends"),
    [
        (SPAN[1], "exact"),
        ("max(", "exact"),
        ("sum(rows, start)", "over"),
        ("sum(rows, start)\n    return found", "over"),
        ("sum((", "under"),
    ],
)
def test_a_span_joins_what_follows(completion: str, ends: str) -> None:
    assert of(SPAN, "span", completion) == ends


@pytest.mark.parametrize(
    ("completion", "ends"),
    [
        ("total += row;", "exact"),
        ("if (row) {\n    total += row; // so }\n  }", "exact"),
        ("total += row;\n  }", "over"),
        ("total += row;\n  return total;", "over"),
        ("if (row) {\n    total += row;", "under"),
        ("sum +", "under"),
    ],
)
def test_other_languages_go_by_brackets(completion: str, ends: str) -> None:
    case = ("function sum(rows) {\n  for (const row of rows) {\n    ", "sum += row;", "\n  return total;\n}\n")
    assert of(case, "block", completion, "javascript") == ends


def test_the_expected_text_may_bring_its_indentation_and_its_line_end() -> None:
    case = ("def total(rows):\n", "    found = sum(rows)\n", "    return found\n")
    assert of(case, "line", "    found = 0") == "exact"
    assert of(case, "line", "    found = 0\n    found += 1\n") == "over"


def test_tabs_and_windows_line_ends() -> None:
    case = ("def f(x):\r\n\tif x:\r\n\t\t", "x += 1\r\n\t\tprint(x)", "\r\n\treturn x\r\n")
    assert of(case, "block", "x = 2\r\n\t\tprint(x)") == "exact"
    assert of(case, "block", "x = 2\r\n\t\tprint(x)\r\n\treturn x") == "over"


def test_junk_stops_somewhere() -> None:
    for junk in ("a" + "+a" * 5000, "-" * 3000 + "1", "\x00", "(" * 5000, "'''", "\\", "\t \t x\n y\n  z", "\ufeff"):
        assert of(BLOCK, "block", junk) in ("over", "under")


@given(st.text(alphabet="afi(): \n\t='\"#\\]", max_size=40), st.sampled_from(["line", "block", "span", "definition"]))
def test_any_text_stops_in_one_of_three_ways(completion: str, kind: str) -> None:
    assert of(BLOCK, kind, completion) in ("exact", "over", "under")
    assert of(BLOCK, kind, completion, "rust") in ("exact", "over", "under")
