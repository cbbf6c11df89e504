"""`--run`: runs generated code in the user's namespace."""

from __future__ import annotations

from typing import Any

from sfm2.notebook.cell import CellAnswer
from sfm2.notebook.session import Session


class Runner:
    """Runs generated code in one shell."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session

    def obstacle(self, code: str, answer: CellAnswer) -> str | None:
        """Why the code should not be run; None if nothing speaks against it."""
        if not answer.written:
            return "there is nothing new to run"
        if answer.completion is None:
            return "it was interrupted"
        transformed = self._shell.transform_cell(code)
        if self._shell.should_run_async(code, transformed_cell=transformed):
            return "it uses await outside a function, which only a cell of its own can"
        try:
            compile(transformed, "<sfm2>", "exec")
        except (SyntaxError, ValueError) as error:
            return f"it does not compile ({error})"
        return None

    def run(self, code: str) -> None:
        """Run the code and show its output, or its error.

        The magic itself does not fail then: front ends put code into the next cell only after a success, and the user
        needs the code there to correct it.
        """
        self._session.generated(code)
        self._shell.run_cell(code, store_history=False)
