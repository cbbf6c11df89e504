"""The language server of one editor: its documents, settings and suggestions. Handlers are in `features` and `commands`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

import sfm2
from sfm2.lsp import settings
from sfm2.lsp.documents import Documents, local_path
from sfm2.lsp.items import EditorHole
from sfm2.lsp.notices import ServerNotices
from sfm2.lsp.protocol import Protocol
from sfm2.lsp.question import Question, ask_about
from sfm2.lsp.service import Service
from sfm2.lsp.settings import EditorSettings
from sfm2.lsp.suggestions import Suggestions
from sfm2.lsp.trigger import wants_ghost_text
from sfm2.lsp.typed_ahead import Suggestion
from sfm2.types import CompleteRequest

_log = logging.getLogger(__name__)


class Server(LanguageServer):
    """The server for one editor. `service` may be shared with other editors."""

    def __init__(self, service: Service) -> None:
        super().__init__("sfm2", sfm2.__version__, protocol_cls=Protocol)
        self.service = service
        self.documents = Documents()
        self.notices = ServerNotices(self.show, self.log)
        self.suggestions = Suggestions(service.completer, self.notices, request=self._request)
        self.settings = EditorSettings()
        self.client = EditorCapabilities(types.ClientCapabilities())
        self._at_start: dict[str, Any] = {}
        self._complaints: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()

    def show(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Show a message to the user."""
        self.window_show_message(types.ShowMessageParams(kind, message))

    def log(self, message: str) -> None:
        """Write a message to the editor's log."""
        self.window_log_message(types.LogMessageParams(types.MessageType.Info, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log a bug, or a message that makes no sense; pygls would show it to the user."""
        _log.error("%s: %s", type(error).__name__, error, exc_info=error)

    def configure(self, value: Any, *, at_start: bool = False) -> None:
        """Apply settings as the editor sends them. Those sent `at_start` stay in effect where later ones leave them out."""
        given = _section(value)
        if at_start:
            self._at_start = given
        read = settings.read({**self._at_start, **given})
        self.settings = read.settings
        for complaint in read.complaints:
            if complaint not in self._complaints:
                self._complaints.add(complaint)
                end = "" if complaint.endswith("?") else "."
                self.show(f"SFM-2: {complaint}{end} The default applies.")

    async def suggestion(self, hole: EditorHole, *, automatic: bool, menu: bool = False) -> Suggestion | None:
        """The suggestion for a hole; None if there is nothing to show. Errors are shown or logged, not raised.

        `automatic`: the user is typing and did not ask for it. `menu`: for the editor's completion menu, whose items are
        inserted whole.
        """
        if not self._wanted(hole, automatic, menu):
            return None
        try:
            question = ask_about(hole.document, hole.before, hole.after, self.settings)
            pause = self.settings.debounce / 1000 if automatic else 0.0
            may_ask = not (automatic and hole.document.shrunk)  # what was just removed is not suggested again
            least = self.settings.min_confidence if automatic else 0.0
            return await self.suggestions.suggest(
                question, pause, automatic=automatic, may_ask=may_ask, least=least, whole=menu
            )
        except Exception:  # noqa: BLE001 - a bug must not stop the editor; it is logged
            _log.exception("no suggestion")
            return None

    def in_background(self, work: Any) -> None:
        """Run a coroutine without waiting for it."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def visit(self, path: Path) -> None:
        """The editor works on this file, or in this folder."""
        if self.service.repositories is not None:
            self.in_background(asyncio.to_thread(self.service.repositories.visit, path))

    async def _request(self, question: Question) -> CompleteRequest:
        """What is sent: with code of the repository, if the server can't read that itself."""
        repositories, path = self.service.repositories, local_path(question.terms.uri)
        if path is None or repositories is None or not repositories.sends:
            return question.request
        hides = self.settings.excludes
        return await asyncio.to_thread(repositories.informed, question.request, path, hides)

    def _wanted(self, hole: EditorHole, automatic: bool, menu: bool) -> bool:
        if self.settings.excludes(hole.document.path):
            return False
        if not automatic:
            return True
        # A menu can't be opened explicitly in most editors, so it offers suggestions in the middle of a line, too.
        fits = not hole.document.inside_word(hole.end) if menu else wants_ghost_text(hole.before, hole.after)
        return self.settings.enabled and fits


class EditorCapabilities:
    """What the editor can do."""

    def __init__(self, capabilities: types.ClientCapabilities) -> None:
        workspace = capabilities.workspace
        text = capabilities.text_document
        completion = text.completion if text else None
        item = completion.completion_item if completion else None
        changes = workspace.did_change_configuration if workspace else None
        self.asks_for_settings = bool(workspace and workspace.configuration)
        self.registers_settings = bool(changes and changes.dynamic_registration)
        self.ghost_text = bool(text and text.inline_completion)
        self.markdown = bool(item and types.MarkupKind.Markdown in (item.documentation_format or ()))


def _section(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = value.get(settings.SECTION, value)
        return dict(inner) if isinstance(inner, Mapping) else {settings.SECTION: inner}
    return {}
