"""A real editor's client, a real `sfm2 lsp`, a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from sfm2 import SFM2Client
from sfm2.testing import until
from tests.lsp.conftest import Open
from tests.lsp.editor import AUTOMATIC, INVOKED, WAIT, Editor, applied, at, end_of, offset
from tests.server.echoing import Echo

pytestmark = pytest.mark.slow

FIBONACCI = "def f(n):\n    if n < 2: return n\n"
STEERED = FIBONACCI + "    # echo:return n"


def test_the_server_says_what_it_can(editor: Editor) -> None:
    can = editor.greeting.capabilities
    assert editor.greeting.server_info is not None
    assert editor.greeting.server_info.name == "sfm2"
    assert can.inline_completion_provider
    assert can.completion_provider is not None
    assert can.execute_command_provider is not None
    assert {"sfm2.explain", "sfm2.accepted", "sfm2.rejected"} <= set(can.execute_command_provider.commands)
    sync = can.text_document_sync
    assert isinstance(sync, types.TextDocumentSyncOptions)
    assert (sync.open_close, sync.change) == (True, types.TextDocumentSyncKind.Incremental)
    assert can.position_encoding == "utf-16"


@pytest.mark.parametrize("trigger", [AUTOMATIC, INVOKED])
def test_ghost_text(editor: Editor, echo: Echo, trigger: types.InlineCompletionTriggerKind) -> None:
    editor.open(STEERED + "\n\nx = 1\n")
    cursor = end_of(STEERED)
    item = editor.ghost(cursor, trigger)
    assert item is not None
    assert item.insert_text == "return n"
    assert item.range == types.Range(cursor, cursor)
    assert item.filter_text is None
    assert echo.last == {
        "prefix": STEERED,
        "suffix": "\n\nx = 1\n",
        "path": "main.py",
        "language": "python",
        "max_length": 96,
    }


def test_the_menu_of_an_editor_without_ghost_text(opened: Open, echo: Echo) -> None:
    text = "x = 1\n# 😀 echo:turn n re"
    with opened(echo.url, text, ghost_text=False) as editor:
        menu = editor.menu(end_of(text))
        [item] = menu.items
    assert menu.is_incomplete
    assert isinstance(item.text_edit, types.TextEdit)
    assert item.text_edit.range == types.Range(at(1, 17), at(1, 19))  # the word, to be filtered by
    assert item.filter_text == "return n re"
    assert applied(text, item.text_edit) == text + "turn n re"
    assert isinstance(item.documentation, types.MarkupContent)
    assert item.documentation.value.startswith("```python\nreturn")


def test_with_ghost_text_the_menu_stays_the_language_servers(opened: Open, echo: Echo) -> None:
    with opened(echo.url, STEERED) as editor:
        assert not editor.menu(end_of(STEERED)).items
        editor.set({"sfm2": {"menu": "on"}})
        assert editor.menu(end_of(STEERED)).items


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_the_encoding_that_the_editor_offers(opened: Open, echo: Echo, encoding: str) -> None:
    text = "# 😀 é echo:日本"
    with opened(echo.url, encodings=[encoding, "utf-16"]) as editor:
        editor.open(text)
        item = editor.ghost(end_of(text, encoding))
        assert item is not None
        assert item.range is not None
        assert item.range.start == end_of(text, encoding)
        assert echo.last["prefix"] == text


def test_typing_along_never_asks_again(editor: Editor, echo: Echo) -> None:
    editor.open(STEERED)
    cursor = end_of(STEERED)
    assert editor.ghost(cursor) is not None
    rest = "return n"
    for char in "return ":
        cursor = editor.type(cursor, char)
        rest = rest[1:]
        item = editor.ghost(cursor, AUTOMATIC)
        assert item is not None
        assert item.insert_text == rest
    assert len(echo.asked) == 1
    cursor = editor.type(cursor, "x")  # astray
    editor.ghost(cursor)
    assert len(echo.asked) == 2


def test_a_suggestion_for_another_text_is_asked_for(editor: Editor, echo: Echo) -> None:
    editor.open(STEERED)
    editor.ghost(end_of(STEERED))
    editor.change(at(0, 4), at(0, 5), "g")  # further up, but the model sees it
    editor.ghost(end_of(STEERED))
    editor.set({"sfm2": {"maxLength": 5}})
    editor.ghost(end_of(STEERED))
    assert [asked["max_length"] for asked in echo.asked] == [96, 96, 5]


def test_a_cancelled_request_stops_the_work(editor: Editor, echo: Echo) -> None:
    text = "# echo-slow:" + "word " * 90
    editor.open(text)
    asked = editor.ask(end_of(text))
    until(lambda: echo.asked, WAIT)
    editor.notify(lambda: editor.client.cancel_request(types.CancelParams(_pending(editor))))
    until(lambda: echo.left, WAIT)
    with pytest.raises(JsonRpcException) as caught:
        asked.result(WAIT)
    assert caught.value.code == types.LSPErrorCodes.RequestCancelled


def test_a_newer_request_takes_the_place_of_an_older(editor: Editor, echo: Echo) -> None:
    text = "# echo-slow:" + "word " * 90
    editor.open(text)
    older = editor.ask(end_of(text))
    until(lambda: echo.asked, WAIT)
    editor.change(at(0, 0), end_of(text), "# echo:quick")
    newer = editor.ghost(end_of("# echo:quick"))
    assert older.result(WAIT) == []
    assert newer is not None
    assert newer.insert_text == "quick"
    until(lambda: echo.left, WAIT)


def test_the_same_question_twice_is_asked_once(editor: Editor, echo: Echo) -> None:
    text = "# echo-slow:one two"
    editor.open(text)
    both = [editor.ask(end_of(text)), editor.ask(end_of(text))]
    assert [len(asked.result(WAIT)) for asked in both] == [1, 1]
    assert len(echo.asked) == 1


def test_while_the_user_types_nothing_is_asked_before_the_pause(opened: Open, echo: Echo) -> None:
    with opened(echo.url, "# echo:a b", options={"debounce": 10_000}) as editor:
        cursor = end_of("# echo:a b")
        asked = []
        for char in "cdefg":
            cursor = editor.type(cursor, char)
            asked.append(editor.ask(cursor, AUTOMATIC))
        asked.append(editor.ask(editor.type(cursor, "h"), INVOKED))
        assert [len(each.result(WAIT)) for each in asked] == [0, 0, 0, 0, 0, 1]
        assert len(echo.asked) == 1


def test_within_a_word_nothing_comes_by_itself(editor: Editor, echo: Echo) -> None:
    editor.open("# echo:ab")
    assert editor.ghost(at(0, 8), AUTOMATIC) is None
    assert echo.asked == []
    editor.ghost(at(0, 8), INVOKED)
    assert len(echo.asked) == 1


def test_unsure_suggestions_come_only_when_asked_for(opened: Open, echo: Echo) -> None:
    with opened(echo.url, STEERED, options={"sfm2": {"minConfidence": 1.0}}) as editor:
        assert editor.ghost(end_of(STEERED), AUTOMATIC) is None
        assert editor.ghost(end_of(STEERED), INVOKED) is not None


def test_settings_that_the_editor_is_asked_for(opened: Open, echo: Echo) -> None:
    with opened(echo.url, asks_settings=True) as editor:
        editor.configuration = {"enabled": False, "adapter": "none", "mode": "line"}
        editor.set(None)
        editor.open(STEERED)
        until(lambda: editor.ghost(end_of(STEERED), AUTOMATIC) is None, WAIT)
        editor.ghost(end_of(STEERED), INVOKED)
        assert (echo.last["adapter"], echo.last["mode"]) == ("none", "line")


def test_switching_off_and_on(editor: Editor, echo: Echo) -> None:
    editor.open(STEERED)
    assert editor.command("sfm2.toggle") is False
    assert editor.ghost(end_of(STEERED), AUTOMATIC) is None
    assert editor.command("sfm2.toggle") is True
    assert editor.ghost(end_of(STEERED), AUTOMATIC) is not None


def test_the_selected_item_of_a_menu_is_gone_on_from(editor: Editor, echo: Echo) -> None:
    editor.open("# echo:\nx.pri")
    selected = types.SelectedCompletionInfo(types.Range(at(1, 2), at(1, 5)), "print_echo:(1)")
    item = editor.ghost(at(1, 5), selected=selected)
    assert item is not None
    assert echo.last["prefix"] == "# echo:\nx.print_echo:(1)"
    assert item.range == selected.range
    assert str(item.insert_text).startswith("print_echo:(1)")


def test_explaining_a_range(editor: Editor, echo: Echo) -> None:
    editor.open("x = 1\n# echo:it adds 😀\ny = 2\n")
    span = {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 18}}
    said = editor.command("sfm2.explain", {"uri": editor.uri, "range": span})
    assert said
    assert editor.shown == [said]
    assert echo.last["code"] == "# echo:it adds 😀"
    assert echo.last["language"] == "python"
    action = editor.run(
        editor.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(editor.uri), types.Range(at(1, 0), at(1, 18)), types.CodeActionContext([])
            )
        )
    )
    assert action is not None
    [offered] = action
    assert isinstance(offered, types.Command)
    assert editor.command(offered.command, *(offered.arguments or ())) == said


def test_an_explanation_has_what_was_read_off_the_code(editor: Editor) -> None:
    editor.open("def add(a, b):\n    # echo:it adds\n    return a + b\n")
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
    said = editor.command("sfm2.explain", editor.uri, span)
    assert "Read off the code:" in said
    assert "`a + b`" in said


def test_nothing_to_explain(editor: Editor) -> None:
    editor.open("x = 1")
    nowhere = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 2}}
    assert editor.command("sfm2.explain", editor.uri, nowhere) is None
    assert "Select some code" in editor.shown[-1]


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("sfm2.explain", [1], "expected a URI and a range"),
        ("sfm2.explain", ["file:///a", {"start": 1}], "not a range"),
        ("sfm2.accepted", [], "the key of a completion"),
        ("sfm2.nothing", [], "expected one of sfm2.explain"),
    ],
)
def test_wrong_commands_are_refused_with_what_was_expected(
    editor: Editor, command: str, arguments: list[object], said: str
) -> None:
    with pytest.raises(JsonRpcException, match=said):
        editor.command(command, *arguments)


def test_feedback(editor: Editor, echo: Echo) -> None:
    editor.open(STEERED)
    item = editor.ghost(end_of(STEERED))
    assert item is not None
    assert item.command is not None
    assert item.command.arguments is not None
    [key] = item.command.arguments
    editor.command(item.command.command, key)
    editor.command("sfm2.rejected", key)
    editor.command("sfm2.rejected", "unknown to the server")
    assert [told["outcome"] for told in echo.feedback] == ["accepted", "rejected", "rejected"]
    known = echo.feedback[0]["id"]
    assert echo.feedback[1]["id"] == known
    SFM2Client(echo.url).feedback(known, "rejected")  # raises for an id that the server did not give
    echo.feedback.pop()
    assert editor.shown == []
    editor.set({"sfm2": {"feedback": False}})
    editor.command("sfm2.accepted", key)
    editor.replace(STEERED + "!")
    other = editor.ghost(end_of(STEERED + "!"))
    assert other is not None
    assert other.command is None
    assert len(echo.feedback) == 3


def test_status(editor: Editor, echo: Echo) -> None:
    said = editor.command("sfm2.status")
    assert f"{echo.url} is healthy" in said
    assert editor.shown == [said]


LINES = st.text(st.sampled_from(list("ab (é日😀\t")), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=3), LINES, st.lists(LINES, max_size=3), st.sampled_from(["\n", "\r\n"]))
def test_the_edit_puts_exactly_the_completion_at_the_cursor(
    pair: tuple[Editor, Editor], above: list[str], line: str, below: list[str], newline: str
) -> None:
    """Whatever stands around it, as ghost text and as an item of the menu."""
    before = newline.join([*above, f"{line}# echo:x😀y"])
    after = newline.join([newline, *below])
    with_ghost, with_menu = pair
    for editor in pair:
        editor.replace(before + after)
    item = with_ghost.ghost(end_of(before))
    [offered] = with_menu.menu(end_of(before)).items
    assert item is not None
    assert item.range is not None
    assert isinstance(offered.text_edit, types.TextEdit)
    expected = before + "x😀y" + after
    assert applied(before + after, types.TextEdit(item.range, str(item.insert_text))) == expected
    assert applied(before + after, offered.text_edit) == expected
    assert offset(before + after, offered.text_edit.range.end) == len(before)


@pytest.fixture
def pair(opened: Open, echo: Echo) -> Iterator[tuple[Editor, Editor]]:
    prose = {"text": "", "uri": "file:///notes.txt", "language": "plaintext"}  # nothing is judged there
    with (
        opened(echo.url, **prose) as one,
        opened(echo.url, **prose, ghost_text=False, options={"debounce": 0}) as other,
    ):
        yield one, other


def _pending(editor: Editor) -> str | int:
    [number] = editor.client.protocol._request_futures
    return number
