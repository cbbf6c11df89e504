"""From a cell's text to the prompt that the model completes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pygments.lexers import get_lexer_by_name
from pygments.token import Comment

from sfm2.errors import InvalidRequestError
from sfm2.requests import build
from sfm2.types import CompleteRequest, Completion, GenerateRequest, GenerationConfig, Language, Mode

_MARKER = re.compile(
    r"[^\S\n]*(?:#|//|--)\W*sfm-?2\W+(?:will|should|please|to)?\W*"
    r"(?:completes?|continues?|finish(?:es)?|fills?(?: in)?|writes?)"
    r"(?:\W+(?:this|the|it|here|rest|of|body|function|method|class|cell|code))*\W*\Z",
    re.IGNORECASE,
)
_NAME = re.compile(r"\{([^\W\d]\w*)(?:\[(\d+)\])?\}")


@dataclass(frozen=True)
class CellPrompt:
    """A cell to complete."""

    context: str
    """Code of earlier cells, which the model sees before the cell; it is not part of the answer"""
    prefix: str
    """The cell's text, which the answer begins with"""
    shown: str
    """The part of `prefix` that the model sees"""
    language: Language
    config: GenerationConfig
    use_fallback: bool

    @property
    def request(self) -> GenerateRequest:
        """The request to submit. Raises `InvalidRequestError`."""
        return build(GenerateRequest, self._fields() | {"prompt": self._text()})

    def hole(self, temperature: float) -> CompleteRequest:
        """The same in the form that takes code of other files. `temperature`: where the cell names none.

        Raises `InvalidRequestError`.
        """
        usual = {"temperature": temperature, "mode": Mode.FUNCTION}
        return build(CompleteRequest, usual | self._fields() | {"prefix": self._text()})

    def _text(self) -> str:
        gap = "\n" if self.context else ""
        return f"{self.context}{gap}{self.shown}"

    def _fields(self) -> dict[str, Any]:
        options = self.config.model_dump(exclude_none=True)
        return options | {"language": self.language, "use_fallback": self.use_fallback}


@dataclass(frozen=True)
class CellAnswer:
    """What the model wrote into a cell."""

    written: str
    completion: Completion | None
    """None if the user interrupted the stream: `written` is what had arrived"""


def prefix_of(body: str, language: Language) -> str:
    """The cell as it was typed. If it ends in a comment, the code begins on the next line.

    Raises `InvalidRequestError` for an empty cell.
    """
    if not body.strip():
        raise InvalidRequestError(
            "the cell is empty: expected code to complete below the line with %%sfm2",
            suggestion="Begin a function, or say in a comment what you want",
        )
    return body if body.endswith("\n") or not _ends_in_comment(body, language) else body + "\n"


def without_marker(prefix: str) -> str:
    """`prefix` without a last line such as `# SFM-2 will complete this function`, unless there is no other line.

    To a model such a comment looks like a stub, which it completes with `pass`.
    """
    lines = prefix.rstrip().splitlines(keepends=True)
    return "".join(lines[:-1]) if len(lines) > 1 and _MARKER.fullmatch(lines[-1]) else prefix


def interpolated(body: str, namespace: Mapping[str, Any]) -> str:
    """`body` with the values of variables for `{name}` and `{In[3]}`. Braces around anything else are code, and stay."""

    def value(match: re.Match[str]) -> str:
        name, index = match.groups()
        if name not in namespace:
            return match[0]
        try:
            return str(namespace[name] if index is None else namespace[name][int(index)])
        except (LookupError, TypeError):
            return match[0]

    return _NAME.sub(value, body)


def _ends_in_comment(body: str, language: Language) -> bool:
    tokens = [kind for kind, text in get_lexer_by_name(str(language)).get_tokens(body) if text.strip()]
    return bool(tokens) and tokens[-1] in Comment
