"""Names of languages and weights as people type them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from sfm2 import languages
from sfm2.cli.names import ChosenModel, language_of, model_of, no_such_model
from sfm2.config import Settings


@pytest.mark.parametrize("name", languages.table())
def test_every_language_by_its_name_and_by_what_editors_call_it(name: str) -> None:
    facts = languages.table()[name]
    for typed in (name, name.upper(), *facts.editor_ids):
        assert language_of(typed) == name


@pytest.mark.parametrize(
    ("typed", "language"),
    [("py", "python"), (".py", "python"), ("js", "javascript"), ("C++", "cpp"), ("rs", "rust"), ("yml", "yaml")],
)
def test_short_names(typed: str, language: str) -> None:
    assert language_of(typed) == language


@pytest.mark.parametrize(
    ("typed", "meant"), [("pyhton", "python"), ("Pyton", "python"), ("javasript", "javascript"), ("golnag", "golang")]
)
def test_a_slip_is_corrected(typed: str, meant: str) -> None:
    with pytest.raises(click.BadParameter, match=f"'{typed}' is not a known language; did you mean {meant}"):
        language_of(typed)


def test_nothing_is_made_of_what_is_like_nothing() -> None:
    with pytest.raises(click.BadParameter) as caught:
        language_of("befunge-93")
    assert "did you mean" not in caught.value.message
    assert caught.value.message.endswith(f"known are {', '.join(languages.table())}")


@pytest.mark.parametrize("typed", ["qwen2.5-coder-1.5b", "qwen2.5-coder:1.5b", "Qwen2.5-Coder-1.5B"])
def test_weights_by_their_name_also_as_ollama_writes_it(typed: str) -> None:
    assert model_of(typed) == ChosenModel("qwen2.5-coder-1.5b", catalogued=True)


def test_weights_by_their_file(tmp_path: Path) -> None:
    assert model_of(str(tmp_path / "mine.gguf")) == ChosenModel("mine", path=tmp_path / "mine.gguf")
    assert model_of(str(tmp_path)).path == tmp_path


def test_any_other_name_may_be_a_backend() -> None:
    assert model_of("openai") == ChosenModel("openai")
    assert not model_of("openai").loadable


def test_an_unknown_name_is_corrected() -> None:
    error = no_such_model("qwen-coder-1.5b", ["sfm2", "openai"])
    assert error.message == "there is no model 'qwen-coder-1.5b'; did you mean qwen2.5-coder-1.5b?"
    assert error.suggestion.startswith("Name one of sfm2, openai, ")


def test_the_chosen_weights_replace_whatever_the_settings_name(tmp_path: Path) -> None:
    before = Settings.model_validate({"models": {"sfm2": {"path": str(tmp_path), "url": "http://x", "context": 512}}})
    named = model_of("qwen2.5-coder-1.5b").within(before).models.sfm2
    assert (named.model, named.path, named.url, named.context) == ("qwen2.5-coder-1.5b", None, None, 512)
    by_file = model_of(str(tmp_path / "mine.gguf")).within(before).models.sfm2
    assert (by_file.path, by_file.url) == (tmp_path / "mine.gguf", None)
    assert model_of("openai").within(before) == before
