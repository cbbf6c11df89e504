"""An editor as `sfm2 lsp` sees it: pygls's own client, over a real process's standard input and output.

It applies edits with code of its own, so that a wrong column in the server shows.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.io_ import run_async
from pygls.lsp.client import LanguageClient

T = TypeVar("T")
WAIT = 60  # seconds; what is waited for comes much earlier unless something is broken
AUTOMATIC, INVOKED = types.InlineCompletionTriggerKind.Automatic, types.InlineCompletionTriggerKind.Invoked
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
GHOST_TEXT = types.InlineCompletionClientCapabilities()
MARKDOWN = types.ClientCompletionItemOptions(documentation_format=[types.MarkupKind.Markdown])


def at(line: int, character: int) -> types.Position:
    return types.Position(line, character)


def offset(text: str, position: types.Position, encoding: str = "utf-16") -> int:
    """The index of the code point at a position."""
    ends = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
    codec, size = _CODECS[encoding]
    line = text[ends[position.line] :].encode(codec, "surrogatepass")
    return ends[position.line] + len(line[: position.character * size].decode(codec, "surrogatepass"))


def end_of(text: str, encoding: str = "utf-16") -> types.Position:
    lines = re.split(r"\r\n|\n|\r", text)
    codec, size = _CODECS[encoding]
    return at(len(lines) - 1, len(lines[-1].encode(codec, "surrogatepass")) // size)


def applied(text: str, edit: types.TextEdit, encoding: str = "utf-16") -> str:
    start, end = (offset(text, position, encoding) for position in (edit.range.start, edit.range.end))
    return text[:start] + edit.new_text + text[end:]


class Editor:
    """Blocking calls; the client's loop runs in a thread. `shown` and `logged` are what the server said to the user."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.logged: list[str] = []
        self.configuration: Any = None
        self.uri = "file:///home/me/project/main.py"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.client = LanguageClient("editor", "1")
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.shown.append(params.message))
        self.client.feature(types.WINDOW_LOG_MESSAGE)(lambda params: self.logged.append(params.message))
        self.client.feature(types.WORKSPACE_CONFIGURATION)(lambda params: [self.configuration for _ in params.items])
        self.client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: None)
        self.process: asyncio.subprocess.Process | None = None
        self._reading: Future[None] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.start(work).result(WAIT)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def start_process(self, environment: Mapping[str, str], log: Path, *arguments: str) -> None:
        async def start() -> asyncio.subprocess.Process:
            with log.open("ab") as errors:
                return await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "sfm2", "lsp", *arguments),
                    env=dict(environment),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=errors,
                    limit=1 << 26,
                )

        self.process = self.run(start())
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._listen(self.process.stdout, self.process.stdin)

    def connect(self, port: int) -> None:
        self._listen(*self.run(asyncio.open_connection("127.0.0.1", port, limit=1 << 26)))

    def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.client.protocol.set_writer(writer)
        self._reading = self.start(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        await run_async(threading.Event(), reader, self.client.protocol)
        for pending in self.client.protocol._request_futures.values():
            pending.set_exception(EOFError("`sfm2 lsp` has ended"))

    def initialize(
        self,
        options: Any = None,
        encodings: list[str] | None = None,
        *,
        ghost_text: bool = True,
        asks_settings: bool = False,
        folders: Sequence[str] = (),
    ) -> None:
        """`folders`: the URIs of what the editor works in."""
        capabilities = types.ClientCapabilities(
            general=types.GeneralClientCapabilities(position_encodings=encodings),
            workspace=types.WorkspaceClientCapabilities(configuration=asks_settings),
            text_document=types.TextDocumentClientCapabilities(
                inline_completion=GHOST_TEXT if ghost_text else None,
                completion=types.CompletionClientCapabilities(completion_item=MARKDOWN),
            ),
        )
        params = types.InitializeParams(capabilities=capabilities, initialization_options=options)
        params.workspace_folders = [types.WorkspaceFolder(uri, "folder") for uri in folders] or None
        self.greeting = self.run(self.client.initialize_async(params))
        self.notify(lambda: self.client.initialized(types.InitializedParams()))

    def notify(self, send: Callable[[], None]) -> None:
        """In the client's loop; what is sent later arrives later."""

        async def sent() -> None:
            send()

        self.run(sent())

    def open(self, text: str, uri: str | None = None, language: str = "python") -> None:
        self.uri = uri or self.uri
        item = types.TextDocumentItem(self.uri, language, 1, text)
        self.notify(lambda: self.client.text_document_did_open(types.DidOpenTextDocumentParams(item)))

    def change(self, start: types.Position, end: types.Position, text: str) -> None:
        change = types.TextDocumentContentChangePartial(types.Range(start, end), text)
        self._changed(change)

    def type(self, position: types.Position, text: str) -> types.Position:
        """Types within a line; returns where the cursor is then."""
        self.change(position, position, text)
        return at(position.line, position.character + len(text.encode("utf-16-le")) // 2)

    def replace(self, text: str) -> None:
        self._changed(types.TextDocumentContentChangeWholeDocument(text))

    def _changed(self, change: types.TextDocumentContentChangeEvent) -> None:
        document = types.VersionedTextDocumentIdentifier(2, self.uri)
        params = types.DidChangeTextDocumentParams(document, [change])
        self.notify(lambda: self.client.text_document_did_change(params))

    def ask(
        self,
        position: types.Position,
        trigger: types.InlineCompletionTriggerKind = INVOKED,
        selected: types.SelectedCompletionInfo | None = None,
    ) -> Future[list[types.InlineCompletionItem]]:
        """Ghost text, some time."""

        async def asked() -> list[types.InlineCompletionItem]:
            context = types.InlineCompletionContext(trigger, selected)
            document = types.TextDocumentIdentifier(self.uri)
            params = types.InlineCompletionParams(context, document, position)
            answer = await self.client.text_document_inline_completion_async(params)
            assert isinstance(answer, types.InlineCompletionList)
            return list(answer.items)

        return self.start(asked())

    def ghost(
        self,
        position: types.Position,
        trigger: types.InlineCompletionTriggerKind = INVOKED,
        selected: types.SelectedCompletionInfo | None = None,
    ) -> types.InlineCompletionItem | None:
        items = self.ask(position, trigger, selected).result(WAIT)
        assert len(items) <= 1
        return items[0] if items else None

    def menu(self, position: types.Position) -> types.CompletionList:
        params = types.CompletionParams(types.TextDocumentIdentifier(self.uri), position)
        answer = self.run(self.client.text_document_completion_async(params))
        assert isinstance(answer, types.CompletionList)
        return answer

    def command(self, name: str, *arguments: Any) -> Any:
        params = types.ExecuteCommandParams(name, list(arguments))
        return self.run(self.client.workspace_execute_command_async(params))

    def set(self, settings: Any) -> None:
        params = types.DidChangeConfigurationParams(settings)
        self.notify(lambda: self.client.workspace_did_change_configuration(params))

    def quit(self) -> int:
        """The exit status."""
        assert self.process is not None
        self.run(self.client.shutdown_async(None))
        self.notify(lambda: self.client.exit(None))
        return self.run(asyncio.wait_for(self.process.wait(), WAIT))

    def close(self) -> None:
        async def end() -> None:
            if self.process is not None and self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
            for task in asyncio.all_tasks():
                if task is not asyncio.current_task():
                    task.cancel()

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def editing(environment: Mapping[str, str], log: Path, *arguments: str) -> Iterator[Editor]:
    """An editor with `sfm2 lsp` running, not yet greeted."""
    editor = Editor()
    try:
        editor.start_process(environment, log, *arguments)
        yield editor
    finally:
        editor.close()
