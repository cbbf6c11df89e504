"""`%sfm2 status`, `explain`, `config` and `feedback` in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebook.kernel import Notebook, notebook
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow


def test_help(shared: Notebook) -> None:
    for line in ("%sfm2", "%sfm2 --help", "%%sfm2 --help\nx", "%sfm2 status --help"):
        text = shared.run(line).text
        assert "--max-length" in text
        assert "%sfm2 explain" in text


def test_status(shared: Notebook, echo: Echo) -> None:
    ran = shared.run("%sfm2 status")
    assert ran.text.startswith(echo.url)
    assert "healthy" in ran.text
    assert "echo       available" in ran.text
    assert "<td>available</td>" in ran.displayed[0]["text/html"]


def test_settings_are_shown_and_set(fresh: Notebook, echo: Echo) -> None:
    assert "environment SFM2_API_URL" in fresh.run("%sfm2 config").text
    fresh.run("%sfm2 config max_length 7")
    fresh.run("%sfm2 config language sql")
    fresh.run("%sfm2 config temperature 0.5")
    fresh.run("%%sfm2\nSELECT")
    assert (echo.last["max_length"], echo.last["language"], echo.last["temperature"]) == (7, "sql", 0.5)
    fresh.run("%%sfm2 --max-length 8 --language css\na")
    assert (echo.last["max_length"], echo.last["language"]) == (8, "css")
    fresh.run("%sfm2 config max_length default")
    fresh.run("%%sfm2\nSELECT")
    assert "max_length" not in echo.last
    assert fresh.run("%sfm2 config url http://user:pass@127.0.0.1:9").text.count("pass") == 0
    assert fresh.run("%sfm2 status").errors[0]["ename"] == "APIConnectionError"


def test_the_server_of_the_configuration_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text('{"api": {"host": "0.0.0.0", "port": 8123}}')
    with notebook(tmp_path / "kernel", {"SFM2_CONFIG": str(file)}) as opened:
        assert "http://127.0.0.1:8123" in opened.run("%sfm2 config").text
        file.write_text("{")
        assert "not valid JSON" in opened.run("%sfm2 config").complaint


def test_an_explanation_of_an_object_a_cell_and_the_cell_before(fresh: Notebook, echo: Echo) -> None:
    fresh.run("def f(a):\n    return a\n\nclass A:\n    x = 1\n\ntotal = f(3)")
    before = fresh.run("import textwrap\n%time print(total)\nprint(total)")
    assert before.status == "ok"
    fresh.run("%sfm2 explain --max-length 5")
    assert echo.last == {
        "code": "import textwrap\nprint(total)",
        "language": "python",
        "max_length": 5,
        "use_fallback": True,
    }
    codes = {
        "f": "def f(a):\n    return a",
        "A": "class A:\n    x = 1",
        "total": "total = f(3)",
        "In[2]": "def f(a):\n    return a\n\nclass A:\n    x = 1\n\ntotal = f(3)",
    }
    for what, code in codes.items():
        ran = fresh.run(f"%sfm2 explain {what}")
        assert echo.last["code"] == code
        assert set(ran.displayed[0]) == {"text/plain", "text/markdown"}
    assert "- `def f(a)`:\n  - returns `a`" in fresh.run("%sfm2 explain f").displayed[0]["text/markdown"]
    fresh.run("%sfm2 explain textwrap.dedent")
    assert echo.last["code"].startswith("def dedent(text):")
    ran = fresh.run("%sfm2 explain textwrap.nothing")
    assert "no attribute 'nothing'" in ran.complaint
    fresh.run("from math import sin")
    assert "no Python source" in fresh.run("%sfm2 explain sin").complaint


def test_feedback_reaches_the_server(fresh: Notebook, echo: Echo) -> None:
    assert "nothing has been completed yet" in fresh.run("%sfm2 feedback accepted").complaint
    fresh.run("%%sfm2\nx = 1")
    assert "reported: accepted" in fresh.run("%sfm2 feedback accepted").text
    assert echo.feedback[-1]["outcome"] == "accepted"


def test_it_can_be_taken_out_and_loaded_again(fresh: Notebook, echo: Echo) -> None:
    fresh.run("%unload_ext sfm2")
    assert "not found" in fresh.run("%sfm2 status").printed
    fresh.run("%load_ext sfm2")
    fresh.run("%reload_ext sfm2")
    assert fresh.run("%sfm2 status").status == "ok"
    fresh.run("once = 1")
    fresh.run("%%sfm2\nx")
    assert echo.last["prompt"] == "once = 1\n\nx"
