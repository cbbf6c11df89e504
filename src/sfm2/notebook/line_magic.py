"""`%sfm2`: checks the server, explains code, shows and sets settings, and reports what became of a completion."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from getpass import getpass
from typing import Any

from sfm2.errors import InvalidRequestError
from sfm2.notebook import explaining, output, report
from sfm2.notebook.arguments import LineOptions
from sfm2.notebook.bundles import ExplanationOutput, Table
from sfm2.notebook.session import Session
from sfm2.notebook.settings import Effective, effective
from sfm2.notebook.state import NotebookState
from sfm2.requests import build
from sfm2.types import ExplainRequest, Explanation, Language
from sfm2.wording import backend_rows


class LineMagic:
    """The magic `%sfm2` of one shell."""

    def __init__(self, shell: Any, session: Session, state: NotebookState) -> None:
        self._shell = shell
        self._session = session
        self._state = state
        self.commands: dict[str, Callable[[LineOptions], None]] = {
            "status": self.status,
            "explain": self.explain,
            "config": self.config,
            "feedback": self.feedback,
        }
        """The commands by name. All raise the classes of `sfm2.errors`."""

    def status(self, options: LineOptions) -> None:
        """Show the state of the server and its models."""
        settings = effective(self._state.settings)
        with settings.connect() as client:
            health = client.health()
        version = f" (SFM-2 {health.version})" if health.version else ""
        title = f"{settings.place}{version}: {health.status}"
        output.show(Table(title, ("backend", "status", "reason"), backend_rows(health)).bundle())

    def explain(self, options: LineOptions) -> None:
        """Explain a name's code, a cell, or the cell before."""
        if len(options.words) > 1:
            raise InvalidRequestError(
                f"explain: expected one name, not {len(options.words)}",
                suggestion="`%sfm2 explain NAME`; without a name, the cell before",
            )
        what = options.words[0] if options.words else None
        code = explaining.code_of(what, self._session.statements(), self._shell.user_ns)
        request = build(
            ExplainRequest,
            {
                "code": code,
                "language": options.language or Language.PYTHON,
                "max_length": options.max_length,
                "use_fallback": options.use_fallback,
            },
        )
        settings = effective(self._state.settings)
        live, written = output.live(self._shell), ""
        with settings.connect() as client, closing(client.stream(request)) as stream:
            for item in stream:
                if isinstance(item, Explanation):
                    facts = " · ".join(report.facts(item, settings.place))
                    live.finish(ExplanationOutput.of(item, [facts, *report.notes(item)]))
                else:
                    written += item.text
                    live.grow(ExplanationOutput(written))

    def config(self, options: LineOptions) -> None:
        """Set a setting if one is given, and show all."""
        if len(options.words) > 2:
            raise InvalidRequestError(
                "config: expected a name and one value",
                suggestion="`%sfm2 config NAME VALUE`; a value with spaces in quotes",
            )
        if options.words:
            name, *values = options.words
            if name == "key" and not values:
                # A key that is typed into a cell would be saved with the notebook.
                values = [getpass("SFM-2 API key: ") or "default"]
            for value in values:
                self._state.settings = self._state.settings.with_value(name, value)
        output.show(_settings(effective(self._state.settings)).bundle())

    def feedback(self, options: LineOptions) -> None:
        """Report what became of the last completion."""
        if self._state.last_id is None:
            raise InvalidRequestError(
                "feedback: nothing has been completed yet", suggestion="`%%sfm2` completes a cell"
            )
        (outcome,) = options.words
        with effective(self._state.settings).connect() as client:
            client.feedback(self._state.last_id, outcome)
        output.show(f"reported: {outcome}")


def _settings(found: Effective) -> Table:
    values = {
        "url": found.place,
        "key": "set, not shown" if found.key else "none",
        "language": str(found.language),
        "max_length": "the server's default" if found.max_length is None else f"{found.max_length} tokens",
        "temperature": "the server's default" if found.temperature is None else f"{found.temperature:g}",
        "context": f"{found.context} characters of earlier cells" if found.context else "off",
    }
    rows = [(name, value, found.origins[name]) for name, value in values.items()]
    return Table("`%sfm2 config NAME VALUE` sets one for this session", ("setting", "value", "from"), rows)
