"""Settings, languages, what is sent of a long file, what is said of failures, how items look."""

from __future__ import annotations

import pytest
from lsprotocol import types

from sfm2.errors import APIConnectionError, AuthenticationError, RateLimitError
from sfm2.lsp.documents import Document
from sfm2.lsp.items import hole_at, inline_item, menu_item
from sfm2.lsp.languages import language_of
from sfm2.lsp.notices import ServerNotices
from sfm2.lsp.question import Question, ask_about
from sfm2.lsp.received import Received
from sfm2.lsp.settings import EditorSettings, read
from sfm2.lsp.typed_ahead import Suggestion
from sfm2.types import Language
from tests.lsp.editor import applied, at
from tests.lsp.test_typed_ahead import TERMS, answer


@pytest.mark.parametrize(
    "sent", [{"sfm2": {"minConfidence": 0.4}}, {"minConfidence": 0.4}, {"sfm2.minConfidence": 0.4}]
)
def test_settings_as_editors_send_them(sent: object) -> None:
    assert read(sent) == (EditorSettings(min_confidence=0.4), [])


@pytest.mark.parametrize("nothing", [None, {}, {"sfm2": None}, {"adapter": None}])
def test_no_settings(nothing: object) -> None:
    assert read(nothing) == (EditorSettings(), [])


def test_a_wrong_setting_is_named_and_takes_no_other_with_it() -> None:
    settings, complaints = read({"minConfidence": 2, "maxLenght": 9, "debounce": 20})
    assert settings == EditorSettings(debounce=20)
    assert complaints == [
        "sfm2.minConfidence: input should be less than or equal to 1, not 2",
        "sfm2.maxLenght: unknown setting; did you mean maxLength?",
    ]
    assert read([1]).complaints == ["sfm2: expected an object with settings, not list"]


@pytest.mark.parametrize(
    ("uri", "excluded"),
    [
        ("file:///home/me/.env", True),
        ("file:///home/me/.env.local", True),
        ("file:///home/me/keys/id_rsa.pub", True),
        ("file:///home/me/env.py", False),
        ("untitled:Untitled-1", False),
    ],
)
def test_files_with_secrets_are_not_sent(uri: str, excluded: bool) -> None:
    assert EditorSettings().excludes(Document(uri, "").path) is excluded


@pytest.mark.parametrize(
    ("language_id", "uri", "language"),
    [
        ("python", "untitled:Untitled-1", Language.PYTHON),
        ("typescriptreact", "file:///a.tsx", Language.TSX),
        ("shellscript", "file:///a", Language.BASH),
        ("c++", "file:///a.h", Language.CPP),
        ("plaintext", "file:///a.rs", Language.RUST),
        ("plaintext", "untitled:Untitled-1", None),  # the server looks at the text
        ("", "file:///a", None),
        ("fnord", "file:///a.fnord", Language.TEXT),  # it is not to take it for Python
        ("Python", "file:///a", Language.PYTHON),
    ],
)
def test_languages(language_id: str, uri: str, language: Language | None) -> None:
    assert language_of(Document(uri, "", language_id)) is language


def test_only_the_files_name_is_sent() -> None:
    document = Document("file:///home/me/secret%20project/m%C3%BCll.py", "")
    assert ask_about(document, "", "", EditorSettings()).terms.path == "müll.py"
    assert ask_about(Document("untitled:Untitled-1", ""), "", "", EditorSettings()).terms.path is None


def test_of_five_megabytes_the_imports_and_what_is_near_are_sent() -> None:
    lines = [f"value_{number} = {number}\n" for number in range(250_000)]
    text = "import os\n" + "".join(lines)
    middle = len(text) // 2
    prefix, suffix = Question(TERMS, text[:middle], text[middle:]).window
    assert len(prefix) + len(suffix) <= 40_000
    assert prefix.startswith("import os\n")
    assert text[:middle].endswith(prefix[-20_000:])
    assert suffix
    assert text[middle:].startswith(suffix)


def test_half_a_character_and_foreign_line_ends_are_not_sent() -> None:
    assert Question(TERMS, "a\r\nb\rc\ud83d", "\udc00d\r\n").window == ("a\nb\nc\ufffd", "\ufffdd\n")


def test_a_failure_is_said_once_and_its_end_is_logged() -> None:
    shown: list[str] = []
    logged: list[str] = []
    now = [0.0]
    notices = ServerNotices(shown.append, logged.append, clock=lambda: now[0])
    for _ in range(5):
        notices.failed(APIConnectionError("cannot reach http://x"))
    assert shown == [
        "SFM-2: cannot reach http://x. `sfm2 serve` in a terminal starts it; SFM2_API_URL or --api-url says where it is."
    ]
    pausing = [notices.pausing]
    notices.failed(AuthenticationError("no such key"))
    assert len(shown) == 2
    now[0] = 3
    pausing.append(notices.pausing)
    assert pausing == [True, False]
    notices.answered()
    assert logged[-1] == "SFM-2 answers again."
    assert notices.wrong is None
    notices.failed(APIConnectionError("cannot reach http://x"))
    assert len(shown) == 3


def test_who_is_refused_comes_back_when_told_to() -> None:
    now = [0.0]
    notices = ServerNotices(lambda _: None, lambda _: None, clock=lambda: now[0])
    notices.failed(RateLimitError("Try again in 30 seconds", retry_after=30))
    now[0] = 29
    assert notices.pausing
    now[0] = 31
    assert not notices.pausing


def suggestion(text: str, replaced: int = 0, **changes: object) -> Suggestion:
    return Suggestion(text, Received.of(answer(text).model_copy(update=changes)), replaced)


def test_a_menu_item_is_found_by_the_word_and_takes_its_place() -> None:
    document = Document("file:///a.py", "😀 = 1\r\nre\r\n", "python")
    item = menu_item(hole_at(document, at(1, 2)), suggestion("turn 1\nelse"), markdown=True, feedback=True)
    assert (item.label, item.filter_text, item.preselect) == ("return 1…", "return 1", False)
    assert isinstance(item.text_edit, types.TextEdit)
    assert item.text_edit.range == types.Range(at(1, 0), at(1, 2))
    assert applied(document.text, item.text_edit) == "😀 = 1\r\nreturn 1\r\nelse\r\n"
    assert isinstance(item.documentation, types.MarkupContent)
    assert item.documentation.value.startswith("```python\nreturn 1\r\nelse\n```")
    assert "echo: confidence 0.90, not calibrated" in item.documentation.value
    assert item.command is not None
    assert item.insert_text_mode == types.InsertTextMode.AsIs


def test_code_fences_in_the_suggestion_stay_inside_the_documentation() -> None:
    document = Document("file:///a.md", "", "markdown")
    item = menu_item(hole_at(document, at(0, 0)), suggestion("```\nx\n```"), markdown=True, feedback=False)
    assert isinstance(item.documentation, types.MarkupContent)
    assert item.documentation.value.startswith("````markdown\n```\nx\n```\n````\n")


def test_a_selected_item_is_extended() -> None:
    document = Document("file:///a.py", "x.prt\n")
    selected = types.SelectedCompletionInfo(types.Range(at(0, 2), at(0, 5)), "print")
    hole = hole_at(document, at(0, 5), selected)
    assert (hole.before, hole.after) == ("x.print", "\n")
    item = inline_item(hole, suggestion("(1)"), feedback=False)
    assert (item.insert_text, item.range) == ("print(1)", selected.range)
    assert item.filter_text is not None
    assert item.filter_text.startswith("prt")  # by which the menu has found it


def test_a_selection_that_is_not_at_the_cursor_is_none() -> None:
    document = Document("file:///a.py", "x.prt\ny")
    selected = types.SelectedCompletionInfo(types.Range(at(0, 2), at(0, 5)), "print")
    assert hole_at(document, at(1, 1), selected) == hole_at(document, at(1, 1))


def test_closers_behind_the_cursor_are_replaced() -> None:
    document = Document("file:///a.py", "f()\n")
    item = inline_item(hole_at(document, at(0, 2)), suggestion("a)", replaced=1), feedback=False)
    assert item.range == types.Range(at(0, 2), at(0, 3))
    assert item.insert_text == "a)"


def test_calibrated_confidence_reads_as_what_it_is() -> None:
    hole = hole_at(Document("file:///a.py", ""), at(0, 0))
    item = menu_item(hole, suggestion("x", calibrated=True, confidence=0.83), markdown=False, feedback=False)
    assert item.detail == "SFM-2, 83% likely to be right"
