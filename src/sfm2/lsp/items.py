"""Suggestions as the editor takes them: ghost text, or an item of its completion menu. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types

from sfm2.lsp.documents import Document, Place
from sfm2.lsp.typed_ahead import Suggestion
from sfm2.types import Completion

ACCEPTED, EXPLAIN = "sfm2.accepted", "sfm2.explain"  # commands that the editor runs
_LABEL = 60  # characters
_LAST = "~"  # sorted behind what language servers know for certain


@dataclass(frozen=True)
class Hole:
    """Where a suggestion goes: from `start` to `end`, behind `lead`, which the editor is about to put there."""

    document: Document
    start: Place
    end: Place
    lead: str = ""

    @property
    def before(self) -> str:
        return self.document.before(self.start) + self.lead

    @property
    def after(self) -> str:
        return self.document.after(self.end)

    def edit(self, suggestion: Suggestion, newline: str = "\n") -> types.TextEdit:
        end = self.end.column + suggestion.replaced
        span = self.document.span(self.start.line, self.start.column, end)
        return types.TextEdit(span, self.lead + suggestion.text.replace("\n", newline))


def hole_at(document: Document, position: types.Position, selected: types.SelectedCompletionInfo | None = None) -> Hole:
    """At the cursor; or behind the item that is selected in the editor's menu, as if it were already taken."""
    place = document.place(position)
    if selected is not None:
        start, end = document.place(selected.range.start), document.place(selected.range.end)
        if start.line == end.line and start <= place <= end:
            return Hole(document, start, end, selected.text)
    return Hole(document, place, place)


def inline_item(hole: Hole, suggestion: Suggestion, *, feedback: bool) -> types.InlineCompletionItem:
    """With LF in any document: Neovim would insert a CR as a character, and the other editors convert."""
    edit = hole.edit(suggestion)
    there = hole.document.within(hole.document.span(hole.start.line, hole.start.column, hole.end.column))
    return types.InlineCompletionItem(
        insert_text=edit.new_text,
        range=edit.range,
        # The menu may have found `print` by `prt`; by its own text the item would be filtered out.
        filter_text=None if edit.new_text.startswith(there) else there + edit.new_text,
        command=_accepted(suggestion) if feedback else None,
    )


def menu_item(hole: Hole, suggestion: Suggestion, *, markdown: bool, feedback: bool) -> types.CompletionItem:
    """It takes the place of the word that is being typed, as editors expect of what they filter by that word."""
    document, line = hole.document, hole.start.line
    start = document.word_start(hole.start)
    word = document.within(document.span(line, start, hole.start.column))
    # Here the document's own line ends: Helix takes them as they are, and the other editors convert.
    edit = Hole(document, Place(line, start), hole.end, word).edit(suggestion, document.newline_near(line))
    label = _label(edit.new_text)
    return types.CompletionItem(
        label=label,
        kind=types.CompletionItemKind.Text,
        detail=f"SFM-2, {_sure(suggestion.completion)}",
        documentation=_documentation(document, edit.new_text, suggestion.completion, markdown),
        preselect=False,
        sort_text=_LAST,
        filter_text=word + _first_line(edit.new_text[len(word) :]) if word else label,
        text_edit=edit,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,  # the lines behind the first are indented already
        command=_accepted(suggestion) if feedback else None,
    )


def _accepted(suggestion: Suggestion) -> types.Command:
    """The editor runs it when the suggestion was taken."""
    return types.Command("SFM-2: accepted", ACCEPTED, arguments=[suggestion.completion.id])


def _label(text: str) -> str:
    line = _first_line(text)
    more = len(line) > _LABEL or len(text.strip().splitlines()) > 1
    return line[:_LABEL].rstrip() + ("…" if more else "")


def _first_line(text: str) -> str:
    """The first that is not blank, without its indentation."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _sure(completion: Completion) -> str:
    if completion.calibrated:
        return f"{completion.confidence:.0%} likely to be right"
    return f"confidence {completion.confidence:.2f}, not calibrated"


def _documentation(document: Document, text: str, completion: Completion, markdown: bool) -> types.MarkupContent:
    about = f"{completion.model_used}: {_sure(completion)}"
    if not markdown:
        return types.MarkupContent(types.MarkupKind.PlainText, f"{text}\n\n{about}")
    fence = "```"
    while fence in text:
        fence += "`"
    return types.MarkupContent(types.MarkupKind.Markdown, f"{fence}{document.language_id}\n{text}\n{fence}\n\n{about}")
