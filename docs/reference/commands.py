"""`sfm2` -> its commands, arguments and options, as `--help` tells them."""

from __future__ import annotations

from collections.abc import Iterator

import click
from docs.reference.pages import code, table

from sfm2.cli.exit_codes import MEANINGS
from sfm2.cli.root import main


def commands() -> str:
    return "\n\n".join(_command(context) for context in contexts() if not isinstance(context.command, click.Group))


def exits() -> str:
    return table(["Code", "Means"], [[str(int(exit_code)), meaning] for exit_code, meaning in MEANINGS.items()])


def contexts(command: click.Command = main, parent: click.Context | None = None) -> Iterator[click.Context]:
    """Of every command, the groups among them."""
    name = command.name if parent else "sfm2"
    context = click.Context(command, info_name=name, parent=parent, help_option_names=["-h", "--help"])
    yield context
    if isinstance(command, click.Group):
        for one in command.list_commands(context):
            child = command.get_command(context, one)
            assert child is not None, f"{one} is listed"
            child.name = one
            yield from contexts(child, context)


def _command(context: click.Context) -> str:
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    records = [record for one in options if (record := one.get_help_record(context))]
    rows = [[code(names), meaning] for names, meaning in records if "--help" not in names]
    parts = [f"### {context.command_path}", f"```text\n{usage}\n```", _paragraphs(command.help or "")]
    if command.epilog:
        parts.append(f"```bash\n{_examples(command.epilog)}\n```")
    return "\n\n".join([*parts, table(["Option", "Meaning"], rows)] if rows else parts)


def _examples(epilog: str) -> str:
    """The lines of `sfm2.cli.options.examples`, without their heading."""
    _, *lines = epilog.replace("\b\n", "").splitlines()
    return "\n".join(line.strip() for line in lines)


def _paragraphs(text: str) -> str:
    r"""Click's `\b` keeps line breaks; a page has no need of it."""
    return "\n\n".join(" ".join(one.replace("\b", "").split()) for one in text.split("\n\n"))
