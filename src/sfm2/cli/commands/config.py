"""`sfm2 config`: show the settings and where they come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from sfm2.cli import terminal
from sfm2.cli.invocation import current
from sfm2.cli.options import examples, json_option
from sfm2.config import file_in_use, flat


@click.group(epilog=examples("sfm2 config show"))
def config() -> None:
    """Show the settings and where they come from."""


@config.command(epilog=examples("sfm2 config show", "sfm2 --config my.json config show --json"))
@json_option("Print JSON.")
def show(as_json: bool) -> None:
    """Show every setting, its value and where that comes from. Secrets are masked."""
    loaded = current()
    values = flat(loaded.settings)
    terminal.write_line(_json(values, loaded.origins, loaded.warnings) if as_json else _text(values, loaded.origins))
    if not as_json:
        for warning in loaded.warnings:
            terminal.note(f"warning: {warning}")


@config.command(epilog=examples("sfm2 config path"))
def path() -> None:
    """Print the path of the configuration file, even if it does not exist."""
    file = file_in_use(current().path)
    terminal.write_line(str(file))
    if not file.exists():
        terminal.note("note: there is no such file; the defaults apply")


def _json(values: Mapping[str, Any], origins: Mapping[str, str], warnings: list[str]) -> str:
    settings = {name: {"value": value, "origin": origins[name]} for name, value in values.items()}
    return json.dumps({"settings": settings, "warnings": warnings}, indent=2)


def _text(values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    rows = [(name, json.dumps(value, ensure_ascii=False), origins[name]) for name, value in values.items()]
    return terminal.visible(terminal.columns([("SETTING", "VALUE", "FROM"), *rows]))
