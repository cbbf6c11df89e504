"""What is fuzzed: each function takes bytes, and raises for a fault of ours. Errors that callers may expect are none."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sfm2 import config, requests, sse
from sfm2.errors import ConfigError, SFM2Error, WeightsError
from sfm2.languages import table
from sfm2.models import gguf_file
from sfm2.server.http.json_route import parse_object
from sfm2.server.protocols.openai.fim_prompt import parse_fim_prompt
from sfm2.syntax.guard import Guard
from sfm2.syntax.hole import Hole
from sfm2.syntax.parsing.parsing_time import SECONDS, ParsingTime
from sfm2.syntax.recognition import recognise
from sfm2.syntax.rules.hidden_character import HIDDEN
from sfm2.syntax.window import trim
from sfm2.types import (
    BatchRequest,
    ChatRequest,
    CompleteRequest,
    ExplainRequest,
    FeedbackRequest,
    GenerateRequest,
    Mode,
    Request,
)
from tests.fuzzing.pieces import Pieces

LANGUAGES = (None, *sorted(table()))
MODES = tuple(Mode)
REQUESTS: tuple[type[Request], ...] = (
    *(GenerateRequest, CompleteRequest, BatchRequest, ChatRequest),
    *(ExplainRequest, FeedbackRequest),
)
SLACK = 2.0  # seconds of a processor beyond those that parsing may take
_MEMORY = Path("/dev/shm")  # a file for a moment; where there is none, the disk does


def guard(data: bytes) -> None:
    """What a model may write, in any place of any file: what was sent is the completion, and hides nothing."""
    pieces = Pieces(data)
    language, mode, size = pieces.choice(LANGUAGES), pieces.choice(MODES), 1 + pieces.number()
    prefix, text, suffix = pieces.text(), pieces.text(), pieces.text()
    hole = Hole(prefix, suffix, language)
    with in_time():
        guarding = Guard(hole, mode, time=ParsingTime())
        parts = [guarding.feed(text[i : i + size]) for i in range(0, len(text), size)]
        sent = "".join(parts) + guarding.finish(model_stopped=bool(size % 2))
    assert sent == guarding.text
    assert HIDDEN.search(sent) is None


def recognition(data: bytes) -> None:
    """The language of any text, under any name."""
    pieces = Pieces(data)
    path, prefix, suffix = pieces.text(), pieces.text(), pieces.text()
    with in_time():
        recognise(prefix, suffix, path=path or None, time=ParsingTime())


def window(data: bytes) -> None:
    """Of a long file as many characters as there may be: lines of it, and those at the hole as they are."""
    pieces = Pieces(data)
    most, prefix, suffix = 1 + pieces.number(), pieces.text(), pieces.text()
    before, after = trim(prefix, suffix, most)
    assert len(before) + len(after) <= most
    assert suffix.startswith(after)
    assert prefix.endswith(before.rpartition("\n")[2])
    assert all(line in prefix for line in before.split("\n"))


def events(data: bytes) -> None:
    """Server-sent events, however the network splits them."""
    pieces = Pieces(data)
    size, stream = 1 + pieces.number(), pieces.rest()
    decoder, other = sse.Decoder(), sse.Decoder()
    whole = list(decoder.feed(stream))
    split = [event for i in range(0, len(stream), size) for event in other.feed(stream[i : i + size])]
    assert whole == split
    again = [event for one in whole for event in sse.Decoder().feed(sse.encode(one))]
    assert again == whole


def weights(data: bytes) -> None:
    """A GGUF file of any bytes."""
    with file_of(data) as path, suppress(WeightsError):
        gguf_file.check(path)


def configuration(data: bytes) -> None:
    """A configuration file, and a variable."""
    pieces = Pieces(data)
    name, value = pieces.choice(sorted(config.names())), pieces.text().replace("\0", "")
    with file_of(pieces.rest()) as path, suppress(ConfigError):
        loaded = config.load(path=path, environment={config.variable(name): value})
        json.dumps(config.flat(loaded.settings))


def bodies(data: bytes) -> None:
    """A request's body, from its bytes to its message."""
    pieces = Pieces(data)
    kind = pieces.choice(REQUESTS)
    with suppress(SFM2Error):
        requests.build(kind, parse_object(pieces.rest())).model_dump_json()


def prompts(data: bytes) -> None:
    """A prompt that may have a model's own marks of a hole, and names of any length."""
    pieces = Pieces(data)
    times, text = 1 + pieces.number(), pieces.text()
    with suppress(SFM2Error):
        parse_fim_prompt(text.replace("\0", "").replace("…", "…" * 20 * times))


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (guard, recognition, window, events, weights, configuration, bodies, prompts)
}


@contextmanager
def in_time() -> Iterator[None]:
    """Within the time for parsing, and a little more."""
    started = time.thread_time()
    yield
    took = time.thread_time() - started
    assert took < SECONDS + SLACK, f"took {took:.1f} s"


@contextmanager
def file_of(data: bytes) -> Iterator[Path]:
    """A file with these bytes."""
    handle, name = tempfile.mkstemp(dir=_MEMORY if _MEMORY.is_dir() else None)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        yield Path(name)
    finally:
        Path(name).unlink()
