"""Ghost text as it is written: a real editor's client, a real `sfm2 lsp`, a real server, and a model that takes its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sfm2 import SFM2Client
from sfm2.core import AsyncModelManager
from sfm2.server.app import create_app
from sfm2.testing import ScriptedBackend, until
from tests.lsp.conftest import Open
from tests.lsp.editor import AUTOMATIC, WAIT, end_of
from tests.server.live import live, settings_for

pytestmark = pytest.mark.slow

TEXT = "def f(x):\n    "
FIRST, REST = "y = x + 1", "\n    return y"


class Writer(ScriptedBackend):
    """Writes the first line, and the rest when it is told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        super().__init__("sfm2", FIRST + "\n", lambda: asyncio.to_thread(self.go_on.wait, WAIT), REST[1:])


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Writer]]:
    settings, writer = settings_for(folder), Writer()
    with live(create_app(settings, AsyncModelManager(settings, [writer]))) as client:
        try:
            yield str(client.base_url), writer
        finally:
            writer.go_on.set()


def test_the_first_line_is_there_while_the_model_writes_and_the_rest_when_it_was_accepted(
    opened: Open, tmp_path: Path
) -> None:
    with served(tmp_path) as (url, writer), opened(url, TEXT) as editor:
        item = editor.ghost(end_of(TEXT), AUTOMATIC)
        assert item is not None
        assert item.insert_text == FIRST
        assert writer.running == 1
        editor.replace(TEXT + FIRST)
        rest = editor.ask(end_of(TEXT + FIRST), AUTOMATIC)
        assert not rest.done()
        writer.go_on.set()
        [item] = rest.result(WAIT)
        assert item.insert_text == REST
        assert len(writer.requests) == 1
        assert editor.shown == []


def test_asked_again_without_a_key_all_of_it_is_there(opened: Open, tmp_path: Path) -> None:
    with served(tmp_path) as (url, writer), opened(url, TEXT) as editor:
        assert editor.ghost(end_of(TEXT)) is not None
        writer.go_on.set()

        def shown() -> object:
            item = editor.ghost(end_of(TEXT))
            return item and item.insert_text

        until(lambda: shown() == FIRST + REST, WAIT)
        assert len(writer.requests) == 1


def test_a_menu_waits_for_all_of_it(opened: Open, tmp_path: Path) -> None:
    with served(tmp_path) as (url, writer), opened(url, TEXT, ghost_text=False) as editor:
        threading.Timer(1, writer.go_on.set).start()
        [item] = editor.menu(end_of(TEXT)).items
        assert item.text_edit is not None
        assert item.text_edit.new_text.endswith(FIRST + REST)


def test_what_becomes_of_a_part_is_reported_when_the_server_knows_the_whole(opened: Open, tmp_path: Path) -> None:
    with served(tmp_path) as (url, writer), opened(url, TEXT) as editor:
        item = editor.ghost(end_of(TEXT))
        assert item is not None
        assert item.command is not None
        threading.Timer(0.5, writer.go_on.set).start()
        editor.command(item.command.command, *(item.command.arguments or ()))
        assert SFM2Client(url).stats().feedback["accepted"] == 1
