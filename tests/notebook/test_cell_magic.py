"""`%%sfm2` in a real kernel: where the result goes, what is shown, what `--run` runs."""

from __future__ import annotations

import pytest

from tests.notebook.kernel import Notebook
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow

CELL = "def double(x):\n    # echo:    return 2 * x"
RESULT = "def double(x):\n    # echo:    return 2 * x\n    return 2 * x"


def test_the_result_goes_into_the_next_cell(shared: Notebook) -> None:
    ran = shared.run(f"%%sfm2 --language python --max-length 100\n{CELL}")
    assert ran.status == "ok"
    assert ran.next_input == {"source": "set_next_input", "text": RESULT, "replace": False}


def test_or_into_the_same(shared: Notebook) -> None:
    ran = shared.run(f"%%sfm2 --replace\n{CELL}")
    assert ran.next_input == {"source": "set_next_input", "text": RESULT, "replace": True}


def test_the_result_runs_and_its_names_stay(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --run\n# echo:def triple(x): return 3 * x")
    assert ran.status == "ok"
    assert "Ran, and is in the next cell" in ran.text
    assert ran.next_input is not None
    assert shared.run("triple(14)").displayed[0]["text/plain"] == "42"


def test_what_runs_shows_what_it_shows(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --run\n# echo:print('seen'); 6 * 7")
    assert ran.printed == "seen\n"
    assert ran.displayed[-1]["text/plain"] == "42"


def test_the_error_of_what_runs_is_the_users(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --run\n# echo:1 / 0")
    assert ran.errors[0]["ename"] == "ZeroDivisionError"
    assert "sfm2/notebook" not in "\n".join(ran.errors[0]["traceback"])
    assert ran.status == "ok"  # or no front end would put the code into a cell, where it can be mended
    assert ran.next_input is not None
    assert ran.next_input["text"].endswith("1 / 0")


@pytest.mark.parametrize(
    ("cell", "obstacle"),
    [
        ("# echo:x = (", "does not compile"),
        ("import asyncio\n# echo:await asyncio.sleep(0)", "await"),
    ],
)
def test_what_cannot_run_is_not_run(shared: Notebook, cell: str, obstacle: str) -> None:
    ran = shared.run(f"%%sfm2 --run --no-guard\n{cell}")
    assert (ran.status, ran.errors) == ("ok", [])
    assert "not run: " in ran.text
    assert obstacle in ran.text


@pytest.mark.parametrize(
    ("cell", "prompt"),
    [
        ("%%sfm2\ntotal = sum(", "total = sum("),
        ("%%sfm2\nx = 1\n", "x = 1\n"),
        ("%%sfm2\n# a comment asks for code", "# a comment asks for code\n"),
        ('%%sfm2\nx = "# no comment"', 'x = "# no comment"'),
        ("%%sfm2 --language javascript\n// a comment, too", "// a comment, too\n"),
        ("get_ipython().run_cell_magic('sfm2', '', 'y = 2\\n')", "y = 2"),
    ],
)
def test_the_cell_is_sent_as_it_was_typed(shared: Notebook, echo: Echo, cell: str, prompt: str) -> None:
    shared.run(cell)
    assert echo.last["prompt"] == prompt


def test_flags_are_those_of_the_command_line(shared: Notebook, echo: Echo) -> None:
    flags = "--temperature 0.2 --top-p 0.5 --top-k 3 --seed 7 --mode line --no-guard --adapter none --no-fallback"
    shared.run(f"%%sfm2 {flags} --stop zzz --stop 'y y' --max-length 5 --repetition-penalty 1.1\nx")
    assert echo.last == {
        "prompt": "x",
        "language": "python",
        "use_fallback": False,
        "temperature": 0.2,
        "top_p": 0.5,
        "top_k": 3,
        "seed": 7,
        "mode": "line",
        "guard": False,
        "adapter": "none",
        "stop": ["zzz", "y y"],
        "max_length": 5,
        "repetition_penalty": 1.1,
    }


def test_a_stream_grows_in_one_output(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --stream --no-guard\n# echo-slow:a = [1, 2, 3, 4, 5]")
    assert len(ran.displayed) == 1
    assert ran.updates > 1
    assert ran.next_input is not None
    assert ran.next_input["text"].endswith("a = [1, 2, 3, 4, 5]")
    assert "confidence 0.90" in ran.text


def test_several_choices_are_shown_and_the_surest_is_taken(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --n 3 --stream\n# echo:x = 1")
    assert ran.text.count("or, with confidence") == 2
    assert ran.next_input is not None
    assert ran.next_input["text"].endswith("x = 1")


def test_an_output_has_three_forms(shared: Notebook) -> None:
    (bundle,) = shared.run(f"%%sfm2\n{CELL}").displayed
    assert set(bundle) == {"text/plain", "text/markdown", "text/html"}
    assert bundle["text/plain"].startswith(RESULT)
    assert bundle["text/markdown"].startswith(f"```python\n{RESULT}\n```\n")
    assert '<span class="t-k">return</span>' in bundle["text/html"]
    for form in bundle.values():
        assert [word for word in ("confidence 0.90", "uncalibrated", "echo at http", "guard") if word not in form] == []


def test_nothing_to_add_leaves_the_cell_alone(shared: Notebook) -> None:
    ran = shared.run("%%sfm2 --replace --mode line\n# echo:\n")
    assert (ran.status, ran.next_input) == ("ok", None)
    assert "Nothing to add: the cell stays as it is" in ran.text


def test_variables_stand_in_only_where_asked_for(shared: Notebook, echo: Echo) -> None:
    shared.run("columns = ['a', 'b']")
    cell = 'x = {columns}\ny = {1, 2}; z = f"{unknown}"\nw = {columns[0]}'
    shared.run(f"%%sfm2\n{cell}")
    assert echo.last["prompt"] == cell
    shared.run(f"%%sfm2 --interpolate\n{cell}")
    assert echo.last["prompt"] == "x = ['a', 'b']\ny = {1, 2}; z = f\"{unknown}\"\nw = a"
    shared.run("%%sfm2 --interpolate\n{nothing} {In[100000]} {columns[0]}")
    assert echo.last["prompt"] == "{nothing} {In[100000]} a"


def test_what_a_model_writes_is_no_markup(shared: Notebook) -> None:
    (bundle,) = shared.run('%%sfm2 --no-guard\n# echo:x = "<img src=a onerror=b>```"').displayed
    assert "<img" not in bundle["text/html"]
    assert bundle["text/markdown"].startswith("````python\n")
