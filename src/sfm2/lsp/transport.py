"""How editor and server reach each other: standard input and output, or a socket on this machine."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pygls.io_ import StdoutWriter, run_async

from sfm2.lsp import commands
from sfm2.lsp.answering import Answerer
from sfm2.lsp.protocol import Protocol
from sfm2.lsp.server import Server

if TYPE_CHECKING:
    from pygls.io_ import AsyncWriter, Writer

_CHUNK = 1 << 16  # bytes


async def serve_stdio(answerer: Answerer) -> bool:
    """Until the editor leaves. Whether it has said goodbye first, as the protocol wants it."""
    with os.fdopen(_own_stdout(), "wb") as stdout:
        return await _serve(answerer, _stdin(), StdoutWriter(stdout))


async def serve_tcp(answerer: Answerer, port: int, listening: Callable[[int], None]) -> None:
    """Until it is cancelled: any number of editors, each with its own documents. `listening` gets the port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve(answerer, reader, _Writer(writer))
        except ConnectionError:
            pass  # the editor has gone
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server:
        listening(server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def _serve(answerer: Answerer, reader: asyncio.StreamReader, writer: AsyncWriter | Writer) -> bool:
    server = Server(answerer)
    commands.register(server)
    done = threading.Event()
    goodbye: list[bool] = []

    def on_exit(said_goodbye: bool) -> None:
        goodbye.append(said_goodbye)
        done.set()

    assert isinstance(server.protocol, Protocol)
    server.protocol.on_exit = on_exit
    server.protocol.set_writer(writer)
    with suppress(asyncio.IncompleteReadError):  # the editor has died in mid-sentence
        await run_async(done, reader, server.protocol, error_handler=server.report_server_error)
    return goodbye == [True]


class _Writer:
    """What could not be written to an editor that has gone is nobody's loss."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


def _own_stdout() -> int:
    """Standard output for the protocol alone: whatever else is printed goes to standard error, which editors log."""
    sys.stdout.flush()
    mine = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return mine


def _stdin() -> asyncio.StreamReader:
    """Read by a thread that ends with the process: it can wait for a pipe, a terminal or a file alike."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()

    def pump() -> None:
        descriptor = sys.stdin.fileno()
        while data := os.read(descriptor, _CHUNK):
            loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, daemon=True, name="sfm2-lsp-stdin").start()
    return reader
