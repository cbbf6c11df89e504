"""How an error looks: `error:` and `hint:` for people, the API's error body for programs. On standard error."""

from __future__ import annotations

import click

from sfm2.cli.terminal import visible
from sfm2.errors import SFM2Error


def report(error: SFM2Error, *, as_json: bool) -> None:
    click.echo(_as_json(error) if as_json else _as_text(error), err=True)


def _as_text(error: SFM2Error) -> str:
    text = f"error: {error.message}\nhint: {error.suggestion}"
    if error.request_id:
        text += f"\nrequest: {error.request_id}"
    return visible(text)


def _as_json(error: SFM2Error) -> str:
    from sfm2.requests import error_body

    return error_body(error).model_dump_json()
