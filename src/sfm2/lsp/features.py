"""The handlers of the requests and notifications of the Language Server Protocol."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

import sfm2
from sfm2.errors import SFM2Error
from sfm2.lsp import commands, settings
from sfm2.lsp.documents import local_path
from sfm2.lsp.items import hole_at, inline_item, menu_item
from sfm2.lsp.server import EditorCapabilities, Server

_log = logging.getLogger(__name__)
# Characters that open the completion menu, besides those of words.
_TRIGGERS = [".", "(", "[", "{", ",", ":", "="]


def register(server: Server) -> None:
    """Add all handlers and commands to a server."""
    for name, (handler, options) in _FEATURES.items():
        server.feature(name, options)(handler)
    commands.register(server)


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Note what the editor can do, and its first settings."""
    ls.documents.encoding = types.PositionEncodingKind(ls.workspace.position_encoding).value
    ls.client = EditorCapabilities(params.capabilities)
    ls.configure(params.initialization_options, at_start=True)
    for folder in _folders(params):
        ls.visit(folder)


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Get the settings, and check the service."""
    if ls.client.registers_settings:
        wanted = types.Registration(
            "sfm2-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": settings.SECTION}
        )
        ls.client_register_capability(types.RegistrationParams([wanted]))
    if ls.client.asks_for_settings:
        await _fetch_settings(ls)
    ls.in_background(_check_service(ls))


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Get the new settings."""
    if ls.client.asks_for_settings:
        await _fetch_settings(ls)
    else:
        ls.configure(params.settings)


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    """Keep a document from now on."""
    ls.documents.opened(params.text_document)
    path = local_path(params.text_document.uri)
    if path is not None:
        ls.visit(path)


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    """Apply the edits of a document."""
    ls.documents.changed(params.text_document.uri, params.content_changes)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document, and stop the work for it."""
    ls.documents.closed(params.text_document.uri)
    ls.suggestions.forget(params.text_document.uri)


async def inline_completion(ls: Server, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Ghost text."""
    document = ls.documents.get(params.text_document.uri)
    if document is None:
        return types.InlineCompletionList([])
    hole = hole_at(document, params.position, params.context.selected_completion_info)
    automatic = params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic
    found = await ls.suggestion(hole, automatic=automatic)
    items = [] if found is None else [inline_item(hole, found, feedback=ls.settings.feedback)]
    return types.InlineCompletionList(items)


async def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    """An item of the completion menu, for editors without ghost text.

    The list is marked incomplete: as the word grows, there may be another suggestion.
    """
    document = ls.documents.get(params.text_document.uri)
    wanted = ls.settings.menu == "on" or (ls.settings.menu == "auto" and not ls.client.ghost_text)
    if document is None or not wanted:
        return types.CompletionList(is_incomplete=False, items=[])
    hole = hole_at(document, params.position)
    # Most editors say "invoked" also for requests while the user types.
    found = await ls.suggestion(hole, automatic=True, menu=True)
    feedback = ls.settings.feedback
    items = [] if found is None else [menu_item(hole, found, markdown=ls.client.markdown, feedback=feedback)]
    return types.CompletionList(is_incomplete=True, items=items)


def code_action(ls: Server, params: types.CodeActionParams) -> list[types.Command]:
    """The action "Explain", for editors without another way to run a command."""
    if params.context.only or params.range.start == params.range.end:
        return []
    title = "Explain with SFM-2"
    arguments = [{"uri": params.text_document.uri, "range": _plain(params.range)}]
    return [types.Command(title, commands.EXPLAIN, arguments=arguments)]


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


def _folders(params: types.InitializeParams) -> list[Path]:
    """The folders that the editor works in, as newer and older ones tell it."""
    uris = [one.uri for one in params.workspace_folders or ()] or [params.root_uri or params.root_path or ""]
    return [path for uri in uris if (path := local_path(uri)) is not None]


async def _fetch_settings(ls: Server) -> None:
    items = [types.ConfigurationItem(section=settings.SECTION)]
    try:
        found = await ls.workspace_configuration_async(types.ConfigurationParams(items))
    except JsonRpcException as error:
        _log.warning("the editor does not send its settings: %s", error)
    else:
        ls.configure(found[0] if found else None)


async def _check_service(ls: Server) -> None:
    """Report a problem before the user misses the first suggestion."""
    try:
        health = await ls.service.completer.health()
    except SFM2Error as error:
        ls.notices.failed(error)
    else:
        ls.log(f"SFM-2 {sfm2.__version__}: {ls.service.place} is {health.status}.")


def _plain(span: types.Range) -> dict[str, dict[str, int]]:
    ends = {"start": span.start, "end": span.end}
    return {name: {"line": end.line, "character": end.character} for name, end in ends.items()}
