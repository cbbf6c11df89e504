"""`--run`: generated code in the user's namespace."""

from __future__ import annotations

from typing import Any

from sfm2.notebook.asking import Reply
from sfm2.notebook.session import Session


class Runner:
    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session

    def obstacle(self, code: str, reply: Reply) -> str | None:
        """Why it is better not run; None: nothing is in the way."""
        if not reply.written:
            return "there is nothing new to run"
        if reply.completion is None:
            return "it was interrupted"
        transformed = self._shell.transform_cell(code)
        if self._shell.should_run_async(code, transformed_cell=transformed):
            return "it waits (await) outside a function, which only a cell of its own can"
        try:
            compile(transformed, "<sfm2>", "exec")
        except (SyntaxError, ValueError) as error:
            return f"it does not compile ({error})"
        return None

    def run(self, code: str) -> None:
        """Shows what it shows, and its error too. The magic itself has not failed: front ends put code into the next
        cell only then, and that is where the error can be mended."""
        self._session.generated(code)
        self._shell.run_cell(code, store_history=False)
