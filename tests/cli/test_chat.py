"""`sfm2 chat`. The echo backend repeats the last word of the last message, or what it is told to."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sfm2.cli.conversation import Conversation
from sfm2.errors import InvalidRequestError, PromptTooLongError
from sfm2.generation import GenerationRequest
from sfm2.testing import FunctionBackend, Step, forever, serve
from sfm2.types import Chunk
from tests.cli.conftest import SFM2, Sfm2
from tests.cli.on_terminal import on_terminal, plain
from tests.server.live import settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Children get the usual Ctrl-C, even where a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["say this"], "", "this"),
        (["-"], "say that", "that"),
        ([], "say those", "those"),
        (["echo:asked"], "of a file", "asked"),
        (["say"], "echo:piped", "piped"),
    ],
)
def test_one_message_has_one_answer(sfm2: Sfm2, arguments: list[str], stdin: str, said: str) -> None:
    result = sfm2("chat", *arguments, stdin=stdin)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, said, "")


def test_a_server_answers_the_same(sfm2: Sfm2, server_url: str) -> None:
    assert sfm2("chat", "echo:from there", "--api-url", server_url).stdout.strip() == "from there"
    reply = json.loads(sfm2("chat", "echo:from there", "--json", "--api-url", server_url).stdout)
    assert (reply["text"], reply["model_used"], reply["tokens"]) == (
        "from there",
        "echo",
        {"prompt": 2, "completion": 2},
    )


def test_options_arrive(sfm2: Sfm2, server_url: str) -> None:
    for place in ([], ["--api-url", server_url]):
        assert sfm2("chat", "echo:a b c d", "--max-length", "2", *place).stdout.strip() == "a b"


def test_errors_of_a_server_are_the_same_as_ours(sfm2: Sfm2, server_url: str) -> None:
    ours = sfm2("chat", stdin="x" * 250_000)
    result = sfm2("chat", "--api-url", server_url, stdin="x" * 250_000)
    assert result.returncode == ours.returncode == 2
    assert result.stderr.splitlines()[:2] == ours.stderr.splitlines()[:2]
    assert ours.stderr.startswith("error: the prompt has 250,000 characters; at most 200,000 are allowed\nhint: ")
    adapter = sfm2("chat", "x", "--adapter", "none such", "--api-url", server_url)
    assert (adapter.returncode, "'sfm2:none such' does not exist" in adapter.stderr) == (2, True)
    assert sfm2("chat", "x", "--api-url", "http://127.0.0.1:9").returncode == 3


def test_nothing_to_say(sfm2: Sfm2) -> None:
    assert sfm2("chat", "--json", stdin="").returncode == 2


def test_a_conversation(environment: dict[str, str]) -> None:
    asked: list[GenerationRequest] = []

    def answer(request: GenerationRequest) -> list[Step]:
        asked.append(request)
        return [f"answer {len(asked)}"]

    with (
        serve(settings_for(Path(environment["SFM2_STORAGE_DATA_DIR"])), [FunctionBackend("sfm2", answer)]) as server,
        on_terminal([*SFM2, "chat", "--system", "be brief", "--api-url", server.url], environment) as terminal,
    ):
        for typed, seen in [
            ("first", "answer 1"),
            ('"""two', "... "),
            ('lines"""', "answer 2"),
            ("/clear", "Forgotten."),
            ("third", "answer 3"),
            ("/hepl", "there is no command /hepl; did you mean help?"),
            ("/help", "forget what was said"),
        ]:
            terminal.read_until(">>> " if typed != 'lines"""' else "... ")
            terminal.seen = ""
            terminal.type(typed + "\n")
            terminal.read_until(seen)
        terminal.type("/exit\n")
        code, _ = terminal.end()
    assert code == 0
    assert [[(one.role, one.content) for one in request.messages] for request in asked] == [
        [("system", "be brief"), ("user", "first")],
        [("system", "be brief"), ("user", "first"), ("assistant", "answer 1"), ("user", "two\nlines")],
        [("system", "be brief"), ("user", "third")],
    ]


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_stops_an_answer_and_ctrl_d_leaves(environment: dict[str, str]) -> None:
    asked: list[GenerationRequest] = []

    def answer(request: GenerationRequest) -> list[Step]:
        asked.append(request)
        return ["one two ", forever] if len(asked) == 1 else ["three"]

    backend = FunctionBackend("sfm2", answer)
    with (
        serve(settings_for(Path(environment["SFM2_STORAGE_DATA_DIR"])), [backend]) as server,
        on_terminal([*SFM2, "chat", "--api-url", server.url], environment) as terminal,
    ):
        terminal.read_until(">>> ")
        terminal.type("count\n")
        terminal.read_until("one two")
        terminal.seen = ""
        terminal.interrupt_until("(stopped)")
        terminal.read_until(">>> ")
        terminal.interrupt_until("Ctrl-D or /exit leaves")
        terminal.type("go on\n")
        terminal.seen = terminal.read_until("three\n").rpartition("three\n")[2]  # the prompt may have come with it
        terminal.read_until(">>> ")
        terminal.type("\x04")
        code, seen = terminal.end()
    assert (code, "Traceback" in seen) == (0, False)
    assert [one.content for one in asked[1].messages] == ["count", "one two ", "go on"]


def test_an_error_does_not_end_the_conversation(environment: dict[str, str]) -> None:
    with on_terminal([*SFM2, "chat"], environment | {"SFM2_LIMITS_MAX_PROMPT": "20"}) as terminal:
        terminal.read_until(">>> ")
        terminal.type("this is too long a message\n")
        terminal.read_until("error: the prompt has 26 characters")
        terminal.type("echo:short\n")
        terminal.read_until("short\n")
        terminal.type("/exit\n")
        assert terminal.end()[0] == 0


def test_the_window_is_kept_by_forgetting(environment: dict[str, str]) -> None:
    def answer(request: GenerationRequest) -> list[Step]:
        return [PromptTooLongError("too long")] if len(request.messages) > 3 else ["fits"]

    with (
        serve(settings_for(Path(environment["SFM2_STORAGE_DATA_DIR"])), [FunctionBackend("sfm2", answer)]) as server,
        on_terminal([*SFM2, "chat", "--api-url", server.url], environment) as terminal,
    ):
        for _ in range(4):
            terminal.read_until(">>> ")
            terminal.seen = ""
            terminal.type("more\n")
            seen = terminal.read_until("fits")
    assert "its first half is forgotten" in " ".join(plain(seen).split())


def test_what_was_heard_is_remembered_and_what_was_not_is_dropped() -> None:
    conversation = Conversation(None, {})
    conversation.ask("first")
    stream = conversation.heard(chunk for chunk in (Chunk(text="a"), Chunk(text="b")))
    next(stream)
    stream.close()
    conversation.ask("second")
    conversation.drop_unanswered()
    assert [one.content for one in conversation.ask("third").messages] == ["first", "a", "third"]
    assert conversation.forget_oldest()
    assert not conversation.forget_oldest()
    assert [one.content for one in conversation.ask_again().messages] == ["third"]
    with pytest.raises(InvalidRequestError):
        conversation.ask("\udc80")
    assert [one.content for one in conversation.ask_again().messages] == ["third"]
