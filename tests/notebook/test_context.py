"""The cells that ran before, as the model gets them."""

from __future__ import annotations

import pytest

from sfm2.notebook.context import binding, context, statements
from tests.notebook.kernel import Notebook
from tests.server.echoing import Echo


def sent(cells: list[str], limit: int = 1000) -> str:
    return context(statements(dict(enumerate(cells))), limit)


def test_cells_become_one_text() -> None:
    assert sent(["import os\nx = 1", "# why\ny = 2\n\n\nz = 3"]) == "import os\nx = 1\n\n# why\ny = 2\n\n\nz = 3\n"


def test_magics_and_what_does_not_parse_stay_out() -> None:
    cells = ["get_ipython().run_line_magic('time', '')\nx = 1", "files = get_ipython().getoutput('ls')", "y = (", "z"]
    assert sent(cells) == "x = 1\n\nz\n"


def test_what_was_written_again_counts_once() -> None:
    cells = ["def f():\n    return 1", "g = f", "def f():\n    return 2", "g = f"]
    assert sent(cells) == "def f():\n    return 2\n\ng = f\n"


def test_what_the_cell_writes_anew_stays_out() -> None:
    found = statements({1: "def f():\n    return 1", 2: "class A:\n    pass", 3: "b = f()"})
    assert context(found, 1000, "class A:\n    x = 1\n\ndef f(") == "b = f()\n"


def test_imports_come_first_then_what_ran_last() -> None:
    cells = ["import numpy as np", "old = 1", "table = '" + 100 * "-" + "'", "new = 2"]
    assert sent(cells, limit=40) == "import numpy as np\n\nold = 1\n\nnew = 2\n"
    assert sent(cells, limit=30) == "import numpy as np\n\nnew = 2\n"
    assert sent(cells, limit=5) == ""


def test_statements_on_one_line_stay_together() -> None:
    assert sent(["a = 1; b = 2\nc = 3"]) == "a = 1; b = 2\nc = 3\n"


def test_the_last_binding_of_a_name() -> None:
    found = statements({1: "x = 1", 2: "class A:\n    pass", 3: "for x in []:\n    y = 2"})
    assert binding(found, "x") == binding(found, "y") == "for x in []:\n    y = 2"
    assert binding(found, "A") == "class A:\n    pass"
    assert binding(found, "B") is None


@pytest.mark.slow
def test_earlier_cells_are_sent_and_can_be_kept_back(fresh: Notebook, echo: Echo) -> None:
    fresh.run("import math\nradius = 3")
    fresh.run("%matplotlib --list\n!true\nheight = 4")
    fresh.run("%%sfm2\nvolume = ")
    assert echo.last["prompt"] == "import math\nradius = 3\n\nheight = 4\n\nvolume = "
    fresh.run("%%sfm2 --context 30\nvolume = ")
    assert echo.last["prompt"] == "import math\n\nheight = 4\n\nvolume = "
    fresh.run("%%sfm2 --context off\nvolume = ")
    assert echo.last["prompt"] == "volume = "
    fresh.run("%sfm2 config context 0")
    fresh.run("%%sfm2\nvolume = ")
    assert echo.last["prompt"] == "volume = "


@pytest.mark.slow
def test_the_result_has_the_cell_and_not_the_context(fresh: Notebook) -> None:
    fresh.run("radius = 3")
    ran = fresh.run("%%sfm2\n# echo:area = radius ** 2")
    assert ran.next_input is not None
    assert ran.next_input["text"] == "# echo:area = radius ** 2\narea = radius ** 2"


@pytest.mark.slow
def test_a_cell_that_was_edited_and_what_was_generated(fresh: Notebook, echo: Echo) -> None:
    fresh.run("first = 1", cell_id="a")
    fresh.run("first = 2", cell_id="a")
    fresh.run("%%sfm2 --run\n# echo:made = first + 1", cell_id="b")
    fresh.run("%%sfm2\nx", cell_id="c")
    assert echo.last["prompt"] == "first = 2\n\n# echo:made = first + 1\nmade = first + 1\n\nx"


@pytest.mark.slow
def test_other_languages_get_no_python(fresh: Notebook, echo: Echo) -> None:
    fresh.run("radius = 3")
    fresh.run("%%sfm2 --language sql\nSELECT")
    assert (echo.last["prompt"], echo.last["language"]) == ("SELECT", "sql")
