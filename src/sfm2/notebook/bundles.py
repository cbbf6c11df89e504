"""Outputs of a cell, each in three formats: HTML, Markdown for front ends without HTML, and plain text. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Self

from sfm2.notebook.highlight import STYLE, highlighted
from sfm2.types import Explanation
from sfm2.wording import confidence_text, read_off

Bundle = dict[str, str]


@dataclass(frozen=True)
class Alternative:
    """Another completion of the same cell."""

    code: str
    confidence: float
    calibrated: bool


@dataclass(frozen=True)
class CellOutput:
    """A completed cell."""

    typed: str
    """The cell's own text"""
    written: str
    """What the model added"""
    language: str
    headline: str
    """Where the code is now"""
    confidence: float | None = None
    calibrated: bool = False
    facts: Sequence[str] = ()
    notes: Sequence[str] = ()
    alternatives: Sequence[Alternative] = ()
    folded: bool = False
    """Whether the code is collapsed in HTML, because it is in a cell as well"""

    @property
    def text(self) -> str:
        """The code."""
        return self.typed + self.written

    def bundle(self) -> Bundle:
        """The output in all formats."""
        return {"text/plain": self._plain(), "text/markdown": self._markdown(), "text/html": self._html()}

    def words(self) -> str:
        """Everything but the code, as text."""
        sure = [] if self.confidence is None else [confidence_text(self.confidence, self.calibrated)]
        first = " · ".join(part for part in (self.headline, *sure, *self.facts) if part)
        return "\n".join([first, *(f"- {note}" for note in self.notes)])

    def _plain(self) -> str:
        parts = [self.text, self.words()]
        parts += [f"or, with {confidence_text(a.confidence, a.calibrated)}:\n\n{a.code}" for a in self.alternatives]
        return "\n\n".join(part.strip("\n") for part in parts)

    def _markdown(self) -> str:
        parts = [fenced(self.text, self.language), *map(_literal, self.words().split("\n"))]
        for other in self.alternatives:
            parts += [
                f"or, with {confidence_text(other.confidence, other.calibrated)}:",
                fenced(other.code, self.language),
            ]
        return "\n\n".join(parts)

    def _html(self) -> str:
        code = highlighted(self.typed, self.written, self.language)
        body = f"<details><summary>{self._line()}</summary>{code}</details>" if self.folded else code + self._line()
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        others = "".join(
            f'<div class="sfm2-facts">or, with {escape(confidence_text(other.confidence, other.calibrated))}:</div>'
            + highlighted(other.code, "", self.language)
            for other in self.alternatives
        )
        return _page(body + (f'<ul class="sfm2-notes">{notes}</ul>' if notes else "") + others)

    def _line(self) -> str:
        parts = [f'<span class="sfm2-said">{escape(self.headline)}</span>'] if self.headline else []
        if self.confidence is not None:
            share = f"{100 * self.confidence:.0f}%"
            bar = f'<span class="sfm2-bar" style="--sfm2-share: {share}"></span>'
            parts.append(bar + escape(confidence_text(self.confidence, self.calibrated)))
        parts += map(escape, self.facts)
        line = " · ".join(f'<span class="sfm2-fact">{part}</span>' for part in parts)
        return f'<span class="sfm2-facts">{line}</span>'


@dataclass(frozen=True)
class Table:
    """Rows under a heading."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def bundle(self) -> Bundle:
        """The table in all formats."""
        rows = [self.head, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.head))]
        plain = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        lines = [" | ".join(cell.replace("|", r"\|") for cell in row) for row in rows]
        marked = [f"| {line} |" for line in (lines[0], " | ".join("---" for _ in self.head), *lines[1:])]
        return {
            "text/plain": "\n".join([self.title, "", *plain]),
            "text/markdown": "\n".join([_literal(self.title), "", *marked]),
            "text/html": _page(f'<div class="sfm2-said">{escape(self.title)}</div>{self._table()}'),
        }

    def _table(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.head)
        rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


@dataclass(frozen=True)
class ExplanationOutput:
    """An explanation, what was read off the code, and lines about it, in Markdown: front ends render and sanitize that
    themselves."""

    text: str
    """As far as it is written"""
    facts: str = ""
    """What was read off the code"""
    lines: Sequence[str] = ()

    @classmethod
    def of(cls, answer: Explanation, lines: Sequence[str]) -> Self:
        """A whole one."""
        return cls(answer.explanation, read_off(answer), lines)

    def bundle(self) -> Bundle:
        """The output in all formats."""
        facts = [_listed(self.facts)] if self.facts else []
        return {
            "text/plain": "\n\n".join([self.text, self.words()]),
            "text/markdown": "\n\n".join([self.text, *facts, *map(_literal, self.lines)]),
        }

    def words(self) -> str:
        """Everything but the explanation, as text."""
        return "\n\n".join(part for part in (self.facts, "\n".join(self.lines)) if part)


def _listed(facts: str) -> str:
    """A heading and the lines below it, as a Markdown list."""
    heading, *lines = facts.split("\n")
    items = [f"{' ' * (len(line) - len(line.lstrip()))}- {line.lstrip()}" for line in lines]
    return "\n".join([heading, "", *items])


def fenced(code: str, language: str) -> str:
    """`code` in a Markdown fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code.rstrip(chr(10))}\n{fence}"


def _literal(text: str) -> str:
    """Text with its Markdown escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)


def _page(body: str) -> str:
    return f'{STYLE}<div class="sfm2">{body}</div>'
