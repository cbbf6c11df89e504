"""Options are the request's fields."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from sfm2.cli.commands.complete import complete
from sfm2.cli.commands.generate import generate
from sfm2.cli.options import given, sampling_options
from sfm2.types import GenerateRequest, GenerationOptions


@click.command()
@sampling_options()
def show(**fields: object) -> None:
    click.echo(repr(GenerationOptions.model_validate(given(**fields))))


def option(command: click.Command, name: str) -> click.Option:
    return next(p for p in command.params if isinstance(p, click.Option) and p.name == name)


@pytest.mark.parametrize("command", [generate, complete], ids=lambda command: command.name)
@pytest.mark.parametrize("name", GenerationOptions.model_fields)
def test_every_sampling_field_is_an_option_with_the_fields_description(command: click.Command, name: str) -> None:
    found = option(command, name)
    assert found.opts[0] == "--" + name.replace("_", "-")
    description = (GenerationOptions.model_fields[name].description or "").split("; null:")[0]
    assert (found.help or "").startswith("Give only code that parses" if name == "guard" else description)


def test_every_other_field_of_a_request_has_one_too() -> None:
    names = {p.name for p in generate.params} | {"use_fallback"}  # --no-fallback
    assert set(GenerateRequest.model_fields) <= names


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ([], {}),
        (["--max-length", "7", "--seed", "3"], {"max_length": 7, "seed": 3}),
        (["--temperature", "0", "--top-p", "1"], {"temperature": 0.0, "top_p": 1.0}),
        (["--stop", "a", "--stop", "b"], {"stop": ["a", "b"]}),
    ],
)
def test_values_arrive(arguments: list[str], fields: dict[str, object]) -> None:
    result = CliRunner().invoke(show, arguments, catch_exceptions=False)
    assert result.output.strip() == repr(GenerationOptions.model_validate(fields))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--temperature", "-1"],
        ["--temperature", "2.1"],
        ["--top-p", "0"],
        ["--max-length", "0"],
        ["--max-length", "1000000000"],
        ["--max-length", "1.5"],
        ["--seed", str(2**63)],
        ["--n", "9"],
    ],
    ids=" ".join,
)
def test_a_value_out_of_range_is_a_usage_error_that_names_it(arguments: list[str]) -> None:
    result = CliRunner().invoke(show, arguments)
    assert result.exit_code == 2
    assert f"Invalid value for '{arguments[0]}'" in result.stderr
