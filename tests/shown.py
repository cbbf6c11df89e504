"""The commands that help and documentation show, and how to run them as a reader would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from docs.reference.commands import contexts

from sfm2.testing import ServerProcess

PATIENCE = 600  # seconds, on a machine that is busy
_HEADING = "\b\nExamples:\n  "


def known_commands() -> dict[str, click.Context]:
    """Every command of `sfm2` by its path, groups among them."""
    return {context.command_path: context for context in contexts()}


def help_examples() -> dict[str, list[str]]:
    """The lines to type in the help of each command, by the command's path."""
    epilogs = {path: context.command.epilog or "" for path, context in known_commands().items()}
    return {path: _lines(epilog) if epilog.startswith(_HEADING) else [] for path, epilog in epilogs.items()}


def simple_commands(text: str) -> Iterator[list[str]]:
    """The words of each simple command in lines for a shell, without variables before it and what is redirected."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        redirected = False
        for word in [*lexer, ";"]:
            if word in ("<", ">", ">>"):
                redirected = True
            elif word[0] in "|&;<>()":
                if words:
                    yield words
                words = []
            elif redirected:
                redirected = False
            else:
                words += [] if not words and re.match(r"\w+=", word) else [word]


def faults(words: list[str], known: Mapping[str, click.Context]) -> Iterator[str]:
    """What click says of a command line; nothing is run, and files need not be there."""
    path, rest = "sfm2", words[1:]
    while rest and f"{path} {rest[0]}" in known:
        path, rest = f"{path} {rest[0]}", rest[1:]
    context = known[path]
    if isinstance(context.command, click.Group) and rest and not rest[0].startswith("-"):
        yield f"no command {rest[0]}"
        return
    try:
        context.command.make_parser(context).parse_args(list(rest))
    except click.UsageError as error:
        yield error.format_message()


def run_line(line: str, server: ServerProcess, folder: Path) -> str:
    """What a line for a shell prints in `folder`, with `server` in place of the one at port 8000."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        line.replace("localhost:8000", server.url),
        shell=True,
        cwd=folder,
        env={**os.environ, **server.environment, "SFM2_API_URL": server.url, "PATH": path},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def defined(code: str) -> dict[str, Any]:
    """The names that Python code defines."""
    names: dict[str, Any] = {}
    exec(compile(code, "answer", "exec"), names)
    return names


def _lines(epilog: str) -> list[str]:
    return [line.strip() for line in epilog.removeprefix("\b\nExamples:\n").split("\n\n")[0].splitlines()]
