"""`workspace/executeCommand`: explain a range, report the outcome of a suggestion, toggle suggestions, show the status."""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcInvalidParams

from sfm2.errors import SFM2Error
from sfm2.lsp.items import ACCEPTED
from sfm2.lsp.languages import language_of
from sfm2.lsp.notices import in_words
from sfm2.lsp.server import Server
from sfm2.requests import build
from sfm2.types import ExplainRequest, Outcome
from sfm2.wording import read_off

EXPLAIN, REJECTED, TOGGLE, STATUS = "sfm2.explain", "sfm2.rejected", "sfm2.toggle", "sfm2.status"
_log = logging.getLogger(__name__)


def register(server: Server) -> None:
    """Add all commands to a server."""
    for name, command in _COMMANDS.items():
        server.command(name)(command)


async def explain(ls: Server, arguments: list[Any]) -> str | None:
    """Show and return what the code in a range does. Arguments: a URI and a range, or one object with both."""
    uri, span = _uri_and_range(arguments)
    document = ls.documents.get(uri)
    code = document.within(span) if document else ""
    if document is None or not code.strip():
        ls.show("SFM-2: there is nothing to explain. Select some code first.")
        return None
    if ls.settings.excludes(document.path):
        ls.show("SFM-2: this file is in sfm2.exclude: none of its text is sent.")
        return None
    try:
        request = build(ExplainRequest, {"code": code, "language": language_of(document)})
        answer = await ls.service.completer.submit(request)
    except SFM2Error as error:
        ls.show(in_words(error))
        return None
    text = "\n\n".join(part for part in (answer.explanation, read_off(answer)) if part)
    ls.show(text, types.MessageType.Info)
    return text


async def accepted(ls: Server, arguments: list[Any]) -> None:
    """Report that a completion was accepted. Argument: its key, as the item has it."""
    await _feedback(ls, arguments, Outcome.ACCEPTED)


async def rejected(ls: Server, arguments: list[Any]) -> None:
    """Report that a completion was rejected. Argument: its key. It is not suggested again until the user asks."""
    if arguments and isinstance(arguments[0], str):
        ls.suggestions.dismiss(arguments[0])
    await _feedback(ls, arguments, Outcome.REJECTED)


async def toggle(ls: Server, arguments: list[Any]) -> bool:
    """Turn suggestions while typing off or on. Returns whether they are on."""
    ls.settings = ls.settings.model_copy(update={"enabled": not ls.settings.enabled})
    state = "appear while you type" if ls.settings.enabled else "appear only when you ask"
    ls.show(f"SFM-2: suggestions {state}.", types.MessageType.Info)
    return ls.settings.enabled


async def status(ls: Server, arguments: list[Any]) -> str:
    """Show and return the state of the service, and why no suggestions appear, if so."""
    try:
        health = await ls.service.completer.health()
        models = ", ".join(f"{name} {state}" for name, state in health.model_status.items())
        text = f"SFM-2: {ls.service.place} is {health.status} ({models})."
    except SFM2Error as error:
        text = in_words(error)
    if ls.notices.wrong and ls.notices.wrong not in text:
        text += f" The last request failed. {ls.notices.wrong}"
    if not ls.settings.enabled:
        text += " Suggestions appear only when you ask: sfm2.enabled is off."
    ls.show(text, types.MessageType.Info)
    return text


_COMMANDS = {EXPLAIN: explain, ACCEPTED: accepted, REJECTED: rejected, TOGGLE: toggle, STATUS: status}


async def _feedback(ls: Server, arguments: list[Any], outcome: Outcome) -> None:
    """Report an outcome. A report that is lost is logged, and not shown to the user."""
    if not arguments or not isinstance(arguments[0], str):
        raise JsonRpcInvalidParams("expected the key of a completion")
    report = ls.service.feedback
    if report is None or not ls.settings.feedback:
        return
    received = ls.suggestions.find(arguments[0])
    completion = await received.whole() if received else None
    if received is not None and completion is None:
        return  # it never became whole, and the server does not know it
    try:
        await report(completion.id if completion else arguments[0], outcome)
    except SFM2Error as error:
        _log.info("feedback was lost: %s", error)


def _uri_and_range(arguments: list[Any]) -> tuple[str, types.Range]:
    match arguments:
        case [{"uri": str(uri), "range": span}] | [{"textDocument": {"uri": str(uri)}, "range": span}]:
            pass
        case [str(uri), span]:
            pass
        case _:
            raise JsonRpcInvalidParams('expected a URI and a range, or {"uri": ..., "range": ...}')
    try:
        return uri, get_converter().structure(span, types.Range)
    except Exception as error:
        raise JsonRpcInvalidParams(f"not a range: {span!r}") from error
