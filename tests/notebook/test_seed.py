"""The cells of the API reference, as written, on the real weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Running
from tests.notebook.kernel import notebook

CELL = """%%sfm2 --language python --max-length 100
def calculate_statistics(data):
    # SFM-2 will complete this function"""


@pytest.mark.engine
def test_the_cells_of_the_reference(server: Running, tmp_path: Path) -> None:
    with notebook(tmp_path / "kernel", {"SFM2_API_URL": server.url}, loaded=False) as opened:
        assert opened.run("%load_ext sfm2").status == "ok"
        ran = opened.run(CELL)
        assert (ran.status, ran.errors) == ("ok", [])
        assert ran.next_input is not None
        code = ran.next_input["text"]
        assert code.startswith(CELL.partition("\n")[2] + "\n    ")
        compile(code, "<cell>", "exec")
        assert "sfm2 at http" in ran.text
        assert opened.run(code).status == "ok"
        assert opened.run("calculate_statistics").displayed[0]["text/plain"].startswith("<function")
