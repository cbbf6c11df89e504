"""The cells that ran, as IPython reports them."""

from __future__ import annotations

from typing import Any

from sfm2.notebook.context import Statement, statements


class Session:
    """The cells of one kernel."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._raw = ""
        self._runs_of: dict[str, list[int]] = {}
        self._generated: dict[int, str] = {}

    def start(self) -> None:
        """Begin to follow the cells that run."""
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)

    def stop(self) -> None:
        """Stop following them."""
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)

    def generated(self, code: str) -> None:
        """Note that generated `code` runs in the current cell."""
        self._generated[self._shell.execution_count] = code

    def statements(self) -> list[Statement]:
        """The statements of all cells that ran, also before the extension was loaded. A cell that ran twice counts once."""
        history = dict(enumerate(self._shell.history_manager.input_hist_parsed)) | self._generated
        old = {count for runs in self._runs_of.values() for count in runs[:-1]}
        return statements({count: source for count, source in history.items() if count not in old})

    def body(self, cell: str) -> str:
        """The text below the magic's line as it was typed: IPython adds a line break to a cell that ends without one."""
        typed = self._raw.lstrip("\n").partition("\n")[2]
        return typed if typed.rstrip("\n") == cell.rstrip("\n") else cell.removesuffix("\n")

    def _before(self, info: Any) -> None:
        self._raw = info.raw_cell or ""

    def _after(self, result: Any) -> None:
        cell_id = getattr(result.info, "cell_id", None)
        if cell_id is not None and result.execution_count is not None:
            self._runs_of.setdefault(cell_id, []).append(result.execution_count)
