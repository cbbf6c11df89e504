"""Suggestions in the editor's terms: ghost text, or an item of its completion menu. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types

from sfm2.lsp.documents import Document, LineColumn
from sfm2.lsp.received import Received
from sfm2.lsp.typed_ahead import Suggestion

ACCEPTED = "sfm2.accepted"
_LABEL = 60  # characters
_LAST = "~"  # sorts after what other language servers know for certain


@dataclass(frozen=True)
class EditorHole:
    """Where a suggestion goes: it replaces the text from `start` to `end`, and follows `lead`."""

    document: Document
    start: LineColumn
    end: LineColumn
    lead: str = ""
    """What the editor is about to insert there: the selected item of its menu"""

    @property
    def before(self) -> str:
        """The document's text before the hole."""
        return self.document.before(self.start) + self.lead

    @property
    def after(self) -> str:
        """The document's text after the hole."""
        return self.document.after(self.end)

    def edit(self, suggestion: Suggestion, newline: str = "\n") -> types.TextEdit:
        """The edit that puts a suggestion here, in the line ends `newline`."""
        end = self.end.column + suggestion.replaced
        span = self.document.span(self.start.line, self.start.column, end)
        return types.TextEdit(span, self.lead + suggestion.text.replace("\n", newline))


def hole_at(
    document: Document, position: types.Position, selected: types.SelectedCompletionInfo | None = None
) -> EditorHole:
    """The hole at the cursor; or after the item that is selected in the editor's menu, as if it were already inserted."""
    place = document.place(position)
    if selected is not None:
        start, end = document.place(selected.range.start), document.place(selected.range.end)
        if start.line == end.line and start <= place <= end:
            return EditorHole(document, start, end, selected.text)
    return EditorHole(document, place, place)


def inline_item(hole: EditorHole, suggestion: Suggestion, *, feedback: bool) -> types.InlineCompletionItem:
    """A suggestion as ghost text. It has LF line ends: Neovim would insert a CR as a character, other editors convert."""
    edit = hole.edit(suggestion)
    there = hole.document.within(hole.document.span(hole.start.line, hole.start.column, hole.end.column))
    return types.InlineCompletionItem(
        insert_text=edit.new_text,
        range=edit.range,
        # The menu may have matched `print` by `prt`; by its own text the item would be filtered out.
        filter_text=None if edit.new_text.startswith(there) else there + edit.new_text,
        command=_accepted(suggestion) if feedback else None,
    )


def menu_item(hole: EditorHole, suggestion: Suggestion, *, markdown: bool, feedback: bool) -> types.CompletionItem:
    """A suggestion as an item of the menu. It replaces the word being typed, as editors filter items by that word."""
    document, line = hole.document, hole.start.line
    start = document.word_start(hole.start)
    word = document.within(document.span(line, start, hole.start.column))
    # In the document's line ends: Helix inserts them as they are, other editors convert.
    edit = EditorHole(document, LineColumn(line, start), hole.end, word).edit(suggestion, document.newline_near(line))
    label = _label(edit.new_text)
    return types.CompletionItem(
        label=label,
        kind=types.CompletionItemKind.Text,
        detail=f"SFM-2, {_sure(suggestion.received)}",
        documentation=_documentation(document, edit.new_text, suggestion.received, markdown),
        preselect=False,
        sort_text=_LAST,
        filter_text=word + _first_line(edit.new_text[len(word) :]) if word else label,
        text_edit=edit,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,  # the lines after the first are indented already
        command=_accepted(suggestion) if feedback else None,
    )


def _accepted(suggestion: Suggestion) -> types.Command:
    """The command that the editor runs when the user accepts the suggestion."""
    return types.Command("SFM-2: accepted", ACCEPTED, arguments=[suggestion.received.key])


def _label(text: str) -> str:
    line = _first_line(text)
    more = len(line) > _LABEL or len(text.strip().splitlines()) > 1
    return line[:_LABEL].rstrip() + ("…" if more else "")


def _first_line(text: str) -> str:
    """The first line that is not blank, without its indentation."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _sure(received: Received) -> str:
    completion = received.completion
    if completion is None:
        return "the rest is being written"
    if completion.calibrated:
        return f"{completion.confidence:.0%} likely to be right"
    return f"confidence {completion.confidence:.2f}, not calibrated"


def _documentation(document: Document, text: str, received: Received, markdown: bool) -> types.MarkupContent:
    about = f"{received.completion.model_used if received.completion else 'SFM-2'}: {_sure(received)}"
    if not markdown:
        return types.MarkupContent(types.MarkupKind.PlainText, f"{text}\n\n{about}")
    fence = "```"
    while fence in text:
        fence += "`"
    return types.MarkupContent(types.MarkupKind.Markdown, f"{fence}{document.language_id}\n{text}\n{fence}\n\n{about}")
