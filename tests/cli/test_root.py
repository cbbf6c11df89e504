"""`sfm2` itself: its list of commands, what it imports, and when."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from docs.reference.commands import contexts

import sfm2 as package
from sfm2.cli import main
from sfm2.cli.root import COMMANDS, Main
from tests.cli.conftest import WAIT, Sfm2

HEAVY = {"fastapi", "uvicorn", "openvino", "openvino_genai", "torch", "transformers", "openai", "gguf", "nncf"}
NOT_FOR_HELP = HEAVY | {"pydantic", "httpx", "rich", "pygments", "sfm2.config", "sfm2.types"}


def imported_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=WAIT, check=True)
    return set(result.stdout.split())


def test_help_lists_the_commands_and_the_exit_codes(sfm2: Sfm2) -> None:
    result = sfm2("--help")
    assert result.returncode == 0
    assert all(f"  {name} " in result.stdout for name in COMMANDS)
    assert "130 Ctrl-C" in result.stdout


def test_the_group_imports_nothing_that_its_help_does_not_need() -> None:
    assert not imported_by("import sfm2.cli") & NOT_FOR_HELP


@pytest.mark.parametrize("name", ["generate", "complete", "explain", "health", "stats", "config"])
def test_commands_import_nothing_heavy(name: str) -> None:
    module = COMMANDS[name].place.split(":")[0]
    assert not imported_by(f"import {module}") & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_described_as_in_the_list(name: str) -> None:
    assert isinstance(main, Main)
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == COMMANDS[name].help


def test_every_help_has_examples() -> None:
    start = "\b\nExamples:\n  sfm2 "
    epilogs = {context.command_path: context.command.epilog or "" for context in contexts()}
    assert [path for path, epilog in epilogs.items() if not epilog.startswith(start)] == []


def test_version(sfm2: Sfm2) -> None:
    assert sfm2("--version").stdout == f"sfm2, version {package.__version__}\n"


def test_an_unknown_command(sfm2: Sfm2) -> None:
    result = sfm2("generat", "x")
    assert (result.returncode, "No such command" in result.stderr) == (2, True)


def test_a_missing_extra_is_named(environment: dict[str, str]) -> None:
    code = (
        "import importlib.util as u, sys; from sfm2.cli import main; find = u.find_spec; "
        "u.find_spec = lambda name, *rest: None if name == 'openvino_genai' else find(name, *rest); "
        "main(['generate', 'x'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"SFM2_FALLBACK_CHAIN": "sfm2"},
        capture_output=True,
        text=True,
        timeout=WAIT,
    )
    assert result.returncode == 3
    assert "running the model without a server needs an extra" in result.stderr
    assert "pip install 'sfm2[engine]'" in result.stderr
    assert "SFM2_API_URL" in result.stderr
