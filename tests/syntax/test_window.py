"""What a model sees of a long file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfm2.syntax.window import trim

FILE = "import os\nfrom pathlib import Path\n\n" + "".join(f"def f{i}():\n    return {i}\n\n" for i in range(60))
CLASS = FILE + "class Reader:\n    def read(self, path):\n" + "".join(f"        x{i} = {i}\n" for i in range(40))


def test_what_is_nearest_to_the_hole_stays() -> None:
    prefix, suffix = trim(FILE + "here", "\nafter\n" * 100, limit=200)
    assert prefix.endswith("def f59():\n    return 59\n\nhere")
    assert suffix.startswith("\nafter\n")
    assert suffix.endswith("\n")


def test_imports_and_the_headers_around_the_hole_stay_too() -> None:
    prefix, _ = trim(CLASS + "        return ", "", limit=400)
    assert prefix.startswith("import os\nfrom pathlib import Path\nclass Reader:\n    def read(self, path):\n        x")
    assert prefix.endswith("        x39 = 39\n        return ")
    assert "f0" not in prefix


def test_the_nearest_headers_stay_before_imports() -> None:
    imports = "".join(f"import module{i}\n" for i in range(100))
    prefix, _ = trim(imports + CLASS + "        return ", "", limit=300)
    assert "class Reader:\n    def read(self, path):\n" in prefix


def test_it_begins_at_a_line_with_less_indentation_where_little_is_lost() -> None:
    prefix, _ = trim(FILE, "", limit=300)
    near = prefix.removeprefix("import os\nfrom pathlib import Path\n")
    assert near.startswith("def f")


def test_a_file_of_one_line_is_cut_anywhere() -> None:
    assert trim("x" * 1000, "y" * 1000, limit=100) == ("x" * 75, "y" * 25)


@given(
    prefix=st.text(alphabet="ab \n\t", max_size=300),
    suffix=st.text(alphabet="cd\n", max_size=200),
    limit=st.integers(1, 300),
)
def test_trimming_stays_within_its_limit(prefix: str, suffix: str, limit: int) -> None:
    before, after = trim(prefix, suffix, limit)
    assert len(before) + len(after) <= limit
    assert suffix.startswith(after)
    assert prefix[-1:] == before[-1:] or not before
    if len(prefix) + len(suffix) <= limit:
        assert (before, after) == (prefix, suffix)
