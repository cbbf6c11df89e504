"""The two magics: `%%sfm2` completes a cell, `%sfm2` tells and sets."""

from __future__ import annotations

from typing import Any

from sfm2.notebook import arguments, output
from sfm2.notebook.completing import Completer
from sfm2.notebook.failures import in_plain_words
from sfm2.notebook.session import Session
from sfm2.notebook.state import State
from sfm2.notebook.telling import Teller

_NAME = "sfm2"


class Magics:
    """What one shell has loaded."""

    def __init__(self, shell: Any) -> None:
        state = State()
        self._shell = shell
        self._session = Session(shell)
        self._completer = Completer(shell, self._session, state)
        self._teller = Teller(shell, self._session, state)

    @classmethod
    def registered(cls, shell: Any) -> Magics:
        """Those that `register` has put into `shell`."""
        found: Magics = shell.magics_manager.magics["line"][_NAME].__self__
        return found

    def register(self) -> None:
        self._shell.register_magic_function(self.tell, "line", _NAME)
        self._shell.register_magic_function(self.complete, "cell", _NAME)
        self._session.start()

    def unregister(self) -> None:
        for kind in ("line", "cell"):
            del self._shell.magics_manager.magics[kind][_NAME]
        self._session.stop()

    def complete(self, line: str, cell: str) -> None:
        """Completes the cell, and puts the result into the next one. `%sfm2 --help` lists the flags."""
        with in_plain_words():
            options = arguments.read_cell(line)
            if options.help:
                output.show(arguments.usage())
            else:
                self._completer.complete(options, cell)

    def tell(self, line: str) -> None:
        """`%sfm2 status`, `explain`, `config` and `feedback`; `%sfm2 --help` says more."""
        with in_plain_words():
            options = arguments.read_line(line)
            if options.help or options.command is None:
                output.show(arguments.usage())
            else:
                self._teller.commands[options.command](options)
