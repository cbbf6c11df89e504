"""What contributors read and what runs for them names commands and files that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def targets_in(text: str) -> set[str]:
    """Of `make one two NAME=value`, wherever a command may begin."""
    commands = re.findall(r"(?:`|: |^)make ([a-zA-Z0-9 =.-]+)", text, re.MULTILINE)
    return {word for command in commands for word in command.split() if re.fullmatch(r"[a-z-]+", word)}


@pytest.mark.parametrize("page", [*WORKFLOWS, *PAGES], ids=lambda page: page.name)
def test_the_make_targets_exist(page: Path) -> None:
    assert targets_in(page.read_text(encoding="utf-8")) <= TARGETS


def test_the_workflows_run_what_contributors_run() -> None:
    run = set().union(*(targets_in(page.read_text(encoding="utf-8")) for page in WORKFLOWS))
    assert {"check", "test-js", "test-editors", "dist"} <= run


def test_every_python_that_is_promised_is_tested() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    promised = set(re.findall(r"Programming Language :: Python :: (3\.\d+)", project))
    tested = re.search(r"python: \[(.*)\]", (ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8"))
    assert tested
    assert promised == set(re.findall(r"3\.\d+", tested[1]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_container_is_valid_json_but_for_its_comments() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    assert json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))["postCreateCommand"].endswith(
        "make test-fast"
    )
