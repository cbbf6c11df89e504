"""The language server: what the editor asks, and which part answers it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

import sfm2
from sfm2.errors import SFM2Error
from sfm2.lsp import settings
from sfm2.lsp.answering import Answerer
from sfm2.lsp.documents import Documents
from sfm2.lsp.items import EXPLAIN, Hole, hole_at, inline_item, menu_item
from sfm2.lsp.notices import Notices
from sfm2.lsp.protocol import Protocol
from sfm2.lsp.question import ask_about
from sfm2.lsp.settings import EditorSettings
from sfm2.lsp.suggestions import Suggestions
from sfm2.lsp.trigger import wants_ghost_text
from sfm2.lsp.typed_ahead import Suggestion

_log = logging.getLogger(__name__)
# Where a menu is worth opening besides within words.
_TRIGGERS = [".", "(", "[", "{", ",", ":", "="]


class Server(LanguageServer):
    """One editor's. `answerer` may be shared by several."""

    def __init__(self, answerer: Answerer) -> None:
        super().__init__("sfm2", sfm2.__version__, protocol_cls=Protocol)
        self.answerer = answerer
        self.documents = Documents()
        self.notices = Notices(self.show, self.log)
        self.suggestions = Suggestions(answerer, self.notices)
        self.settings = EditorSettings()
        self.client = _Client(types.ClientCapabilities())
        self._at_start: dict[str, Any] = {}
        self._complaints: set[str] = set()
        self._background: set[asyncio.Task[None]] = set()
        for name, (handler, options) in _FEATURES.items():
            self.feature(name, options)(handler)

    def show(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        self.window_show_message(types.ShowMessageParams(kind, message))

    def log(self, message: str) -> None:
        self.window_log_message(types.LogMessageParams(types.MessageType.Info, message))

    def report_server_error(self, error: Exception, source: Any) -> None:
        """A bug, or a message that makes no sense. It goes to the log; pygls would show it to the user."""
        _log.error("%s: %s", type(error).__name__, error, exc_info=error)

    def configure(self, value: Any, *, at_start: bool = False) -> None:
        """Settings as the editor sends them. Those of the start hold where later ones say nothing."""
        given = _section(value)
        if at_start:
            self._at_start = given
        read = settings.read({**self._at_start, **given})
        self.settings = read.settings
        for complaint in read.complaints:
            if complaint not in self._complaints:
                self._complaints.add(complaint)
                self.show(f"SFM-2: {complaint}. The default holds.")

    async def suggestion(self, hole: Hole, *, automatic: bool, menu: bool = False) -> Suggestion | None:
        """None when there is nothing to show; never an error. `menu`: for the editor's completion menu."""
        if not self._wanted(hole, automatic, menu):
            return None
        try:
            question = ask_about(hole.document, hole.before, hole.after, self.settings)
            pause = self.settings.debounce / 1000 if automatic else 0.0
            may_ask = not (automatic and hole.document.shrunk)  # what was just removed is not suggested again
            found = await self.suggestions.suggest(question, pause, automatic=automatic, may_ask=may_ask)
        except Exception:  # noqa: BLE001 - the last resort; the cause is logged
            _log.exception("no suggestion")
            return None
        if found is None or not found.text.strip():
            return None
        unsure = automatic and found.completion.confidence < self.settings.min_confidence
        return None if unsure else found

    def in_background(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _wanted(self, hole: Hole, automatic: bool, menu: bool) -> bool:
        if self.settings.excludes(hole.document.path):
            return False
        if not automatic:
            return True
        # A menu can't be opened explicitly in most editors, so it offers suggestions in the middle of a line, too.
        fits = not hole.document.inside_word(hole.end) if menu else wants_ghost_text(hole.before, hole.after)
        return self.settings.enabled and fits


class _Client:
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


def initialize(ls: Server, params: types.InitializeParams) -> None:
    ls.documents.encoding = types.PositionEncodingKind(ls.workspace.position_encoding).value
    ls.client = _Client(params.capabilities)
    ls.configure(params.initialization_options, at_start=True)


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    if ls.client.registers_settings:
        wanted = types.Registration(
            "sfm2-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": settings.SECTION}
        )
        ls.client_register_capability(types.RegistrationParams([wanted]))
    if ls.client.asks_for_settings:
        await _fetch_settings(ls)
    ls.in_background(_look_at_server(ls))


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    if ls.client.asks_for_settings:
        await _fetch_settings(ls)
    else:
        ls.configure(params.settings)


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    ls.documents.opened(params.text_document)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    ls.documents.changed(params.text_document.uri, params.content_changes)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.documents.closed(params.text_document.uri)
    ls.suggestions.forget(params.text_document.uri)


async def inline_completion(ls: Server, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return types.InlineCompletionList([])
    hole = hole_at(document, params.position, params.context.selected_completion_info)
    automatic = params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic
    found = await ls.suggestion(hole, automatic=automatic)
    items = [] if found is None else [inline_item(hole, found, feedback=ls.settings.feedback)]
    return types.InlineCompletionList(items)


async def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    """For editors without ghost text. Incomplete: as the word grows, there may be another one."""
    document = ls.documents.get(params.text_document.uri)
    wanted = ls.settings.menu == "on" or (ls.settings.menu == "auto" and not ls.client.ghost_text)
    if document is None or not wanted:
        return types.CompletionList(is_incomplete=False, items=[])
    hole = hole_at(document, params.position)
    # Most editors say "invoked" also for what they ask while somebody types.
    found = await ls.suggestion(hole, automatic=True, menu=True)
    feedback = ls.settings.feedback
    items = [] if found is None else [menu_item(hole, found, markdown=ls.client.markdown, feedback=feedback)]
    return types.CompletionList(is_incomplete=True, items=items)


def code_action(ls: Server, params: types.CodeActionParams) -> list[types.Command]:
    """Explaining, for editors whose users have no other way to a command."""
    if params.context.only or params.range.start == params.range.end:
        return []
    title = "Explain with SFM-2"
    arguments = [{"uri": params.text_document.uri, "range": _plain(params.range)}]
    return [types.Command(title, EXPLAIN, arguments=arguments)]


_FEATURES: dict[str, tuple[Any, Any]] = {
    types.INITIALIZE: (initialize, None),
    types.INITIALIZED: (initialized, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (did_change_configuration, None),
    types.TEXT_DOCUMENT_DID_OPEN: (did_open, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (did_change, None),
    types.TEXT_DOCUMENT_DID_CLOSE: (did_close, None),
    types.TEXT_DOCUMENT_INLINE_COMPLETION: (inline_completion, types.InlineCompletionOptions()),
    types.TEXT_DOCUMENT_COMPLETION: (completion, types.CompletionOptions(trigger_characters=_TRIGGERS)),
    types.TEXT_DOCUMENT_CODE_ACTION: (code_action, None),
}


async def _fetch_settings(ls: Server) -> None:
    items = [types.ConfigurationItem(section=settings.SECTION)]
    try:
        found = await ls.workspace_configuration_async(types.ConfigurationParams(items))
    except JsonRpcException as error:
        _log.warning("the editor does not tell its settings: %s", error)
    else:
        ls.configure(found[0] if found else None)


async def _look_at_server(ls: Server) -> None:
    """What is wrong is better said before the first suggestion is missed."""
    try:
        health = await ls.answerer.health()
    except SFM2Error as error:
        ls.notices.failed(error)
    else:
        ls.log(f"SFM-2 {sfm2.__version__}: {ls.answerer.place} is {health.status}.")


def _section(value: Any) -> Any:
    if isinstance(value, Mapping):
        inner = value.get(settings.SECTION, value)
        return dict(inner) if isinstance(inner, Mapping) else {settings.SECTION: inner}
    return {}


def _plain(span: types.Range) -> dict[str, dict[str, int]]:
    ends = {"start": span.start, "end": span.end}
    return {name: {"line": end.line, "character": end.character} for name, end in ends.items()}
