"""Connects editor and server: standard input and output, or a socket on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pygls.io_ import StdoutWriter, run_async

from sfm2.lsp import features
from sfm2.lsp.protocol import Protocol
from sfm2.lsp.server import Server
from sfm2.lsp.service import Service

if TYPE_CHECKING:
    from pygls.io_ import AsyncWriter, Writer

_log = logging.getLogger(__name__)
_CHUNK = 1 << 16  # bytes


async def serve_stdio(service: Service) -> bool:
    """Serve until the editor leaves. Returns whether it asked for a shutdown first, as the protocol demands."""
    with os.fdopen(_own_stdout(), "wb") as stdout:
        return await _serve(service, _stdin(), StdoutWriter(stdout))


async def serve_tcp(service: Service, port: int, listening: Callable[[int], None]) -> None:
    """Serve any number of editors, each with its own documents, until cancelled. `listening` gets the port."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _serve(service, reader, _Writer(writer))
        except ConnectionError:
            _log.debug("an editor has gone without goodbye", exc_info=True)
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    async with server:
        listening(server.sockets[0].getsockname()[1])
        await server.serve_forever()


async def _serve(service: Service, reader: asyncio.StreamReader, writer: AsyncWriter | Writer) -> bool:
    server = Server(service)
    features.register(server)
    done = threading.Event()
    goodbye: list[bool] = []

    def on_exit(said_goodbye: bool) -> None:
        goodbye.append(said_goodbye)
        done.set()

    assert isinstance(server.protocol, Protocol)
    server.protocol.on_exit = on_exit
    server.protocol.set_writer(writer)
    try:
        await run_async(done, reader, server.protocol, error_handler=server.report_server_error)
    except asyncio.IncompleteReadError:
        _log.warning("the editor died in the middle of a message")
    return goodbye == [True]


class _Writer:
    """Writes to an editor. Messages to one that has gone are dropped."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def close(self) -> None:
        self._writer.close()


def _own_stdout() -> int:
    """A descriptor of standard output for the protocol alone. Other output goes to standard error, which editors log."""
    sys.stdout.flush()
    mine = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return mine


def _stdin() -> asyncio.StreamReader:
    """Standard input, read by a thread that ends with the process: it can wait for a pipe, a terminal or a file alike."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()

    def pump() -> None:
        descriptor = sys.stdin.fileno()
        while data := os.read(descriptor, _CHUNK):
            loop.call_soon_threadsafe(reader.feed_data, data)
        loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, daemon=True, name="sfm2-lsp-stdin").start()
    return reader
