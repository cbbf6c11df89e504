"""`examples/notebook.ipynb` runs from top to bottom, and comes without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import clean_environment
from tests.notebook.kernel import WAIT
from tests.server.echoing import Echo

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"


def test_no_outputs_are_kept() -> None:
    cells = nbformat.read(EXAMPLE, as_version=4).cells  # type: ignore[no-untyped-call]
    assert [cell.outputs for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)] == []


@pytest.mark.slow
def test_the_example_runs(echo: Echo, tmp_path: Path) -> None:
    document = nbformat.read(EXAMPLE, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        document, timeout=WAIT, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute(env=clean_environment(tmp_path, {"SFM2_API_URL": echo.url, "IPYTHONDIR": str(tmp_path)}))
    outputs = [output for cell in document.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    # Echo answers in words that fit nowhere, so the guard abstains; who answered is told nevertheless.
    assert sum("echo at " in output.get("data", {}).get("text/html", "") for output in outputs) == 3
