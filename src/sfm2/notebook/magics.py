"""The two magics of the extension: `%%sfm2` completes a cell, `%sfm2` has the other commands."""

from __future__ import annotations

from typing import Any

from sfm2.notebook import arguments, output
from sfm2.notebook.cell_magic import CellMagic
from sfm2.notebook.failures import in_plain_words
from sfm2.notebook.line_magic import LineMagic
from sfm2.notebook.session import Session
from sfm2.notebook.state import NotebookState
from sfm2.notebook.working_folder import WorkingFolder

_NAME = "sfm2"


class Magics:
    """The magics of one shell."""

    def __init__(self, shell: Any) -> None:
        state = NotebookState()
        self._shell = shell
        self._session = Session(shell)
        self._folder = WorkingFolder()
        self._cell_magic = CellMagic(shell, self._session, state, self._folder)
        self._line_magic = LineMagic(shell, self._session, state)

    @classmethod
    def registered(cls, shell: Any) -> Magics:
        """The magics that `register` has added to `shell`."""
        found: Magics = shell.magics_manager.magics["line"][_NAME].__self__
        return found

    def register(self) -> None:
        """Add the magics to the shell."""
        self._shell.register_magic_function(self.line, "line", _NAME)
        self._shell.register_magic_function(self.cell, "cell", _NAME)
        self._session.start()
        self._folder.start()

    def unregister(self) -> None:
        """Remove the magics from the shell."""
        for kind in ("line", "cell"):
            del self._shell.magics_manager.magics[kind][_NAME]
        self._session.stop()
        self._folder.stop()

    def cell(self, line: str, cell: str) -> None:
        """Complete the cell, and put the result into the next one. `%sfm2 --help` lists the flags."""
        with in_plain_words():
            options = arguments.read_cell(line)
            if options.help:
                output.show(arguments.usage())
            else:
                self._cell_magic.complete(options, cell)

    def line(self, line: str) -> None:
        """Run `%sfm2 status`, `explain`, `config` or `feedback`; `%sfm2 --help` describes them."""
        with in_plain_words():
            options = arguments.read_line(line)
            if options.help or options.command is None:
                output.show(arguments.usage())
            else:
                self._line_magic.commands[options.command](options)
