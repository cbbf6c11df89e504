"""Reads a line that a person types, with the usual keys for editing and for earlier lines."""

from __future__ import annotations

import importlib
import sys

import click


def read_line(prompt: str) -> str:
    """A line without its end. Raises `EOFError` for Ctrl-D, `KeyboardInterrupt` for Ctrl-C."""
    if sys.stdout.isatty():
        _with_history()
        return input(prompt)
    click.echo(prompt, nl=False, err=True)  # `input` would write it to standard output
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def _with_history() -> None:
    try:
        importlib.import_module("readline")  # `input` uses it from then on
    except ImportError:  # there is none on Windows, whose console has keys of its own
        return
