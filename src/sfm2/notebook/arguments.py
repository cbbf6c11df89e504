"""Parses the line of a magic. The sampling flags are those of `sfm2 generate`, generated from the same fields."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, NoReturn, get_args, get_origin

from sfm2.errors import InvalidRequestError
from sfm2.notebook.settings import characters
from sfm2.requests import build
from sfm2.types import GenerationConfig, GenerationOptions, Language, Outcome
from sfm2.validation import did_you_mean

_WITHOUT = {"features", "logprobs"}  # for programs


@dataclass(frozen=True)
class CellOptions:
    """The options of `%%sfm2`. None: the setting of `%sfm2 config`."""

    sampling: GenerationConfig
    language: Language | None
    context: int | None
    url: str | None
    use_fallback: bool
    replace: bool
    run: bool
    stream: bool
    interpolate: bool
    help: bool


@dataclass(frozen=True)
class LineOptions:
    """The command and options of `%sfm2`."""

    command: str | None
    words: tuple[str, ...] = ()
    """The arguments of the command"""
    language: Language | None = None
    max_length: int | None = None
    use_fallback: bool = True
    help: bool = False


class _Parser(argparse.ArgumentParser):
    """Raises `InvalidRequestError` where argparse would end the process."""

    def __init__(self, prog: str, **known: Any) -> None:
        super().__init__(prog=prog, add_help=False, allow_abbrev=False, **known)
        self.add_argument("-h", "--help", action="store_true", help="show this")

    def error(self, message: str) -> NoReturn:
        raise InvalidRequestError(message, suggestion=f"`{self.prog.split()[0].replace('%%', '%')} --help` lists them")

    def read(self, line: str) -> argparse.Namespace:
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.error(f"{line.strip()!r}: {str(error).lower()}")
        known, rest = self.parse_known_args(words)
        if rest and not known.help:
            self.error(f"unknown argument {rest[0]}{did_you_mean(self._name(rest[0]), self._flags(), 0.6)}")
        return known

    def _flags(self) -> list[str]:
        return [flag for action in self._actions for flag in action.option_strings]

    @staticmethod
    def _name(word: str) -> str:
        return word.split("=")[0].replace("_", "-")


def read_cell(line: str) -> CellOptions:
    """The options of `%%sfm2`.

    Raises `InvalidRequestError` for an unknown flag (naming the nearest), a value out of range, or flags that exclude each
    other.
    """
    read = vars(_cell_parser().read(line))
    sampling = {name: read.pop(name) for name in _sampling_fields()}
    if read["replace"] and read["run"]:
        raise InvalidRequestError(
            "--replace and --run: expected one of them",
            suggestion="--replace puts the code into this cell, for you to read and run; --run also runs it",
        )
    given = {name: value for name, value in sampling.items() if value is not None}
    return CellOptions(sampling=build_config(given), use_fallback=not read.pop("no_fallback"), **read)


def build_config(sampling: dict[str, Any]) -> GenerationConfig:
    """The sampling options. Raises `InvalidRequestError` for a value out of range."""
    try:
        return build(GenerationConfig, sampling)
    except InvalidRequestError as error:
        raise InvalidRequestError(error.message, suggestion="`%sfm2 --help` lists the flags") from error


def read_line(line: str) -> LineOptions:
    """The command and options of `%sfm2`. Raises `InvalidRequestError` for an unknown command or flag."""
    command, _, rest = line.strip().partition(" ")
    if command in ("", "-h", "--help"):
        return LineOptions(None, help=True)
    if command not in COMMANDS:
        raise InvalidRequestError(
            f"unknown command {command}{did_you_mean(command, COMMANDS)}",
            suggestion=f"Expected one of {', '.join(COMMANDS)}; `%%sfm2` as the first line completes a cell",
        )
    read = vars(_LINE_PARSERS[command]().read(rest))
    words = read.pop("words", [])
    use_fallback = not read.pop("no_fallback", False)
    return LineOptions(command, tuple(words), use_fallback=use_fallback, **read)


def usage() -> str:
    """The help for both magics."""
    commands = "\n".join(f"  %sfm2 {shape:<30} {text}" for shape, text in _SHAPES)
    return f"{_cell_parser().format_help()}\n{commands}\n"


def _cell_parser() -> _Parser:
    parser = _Parser(
        "%%sfm2",
        description="Completes the cell below the line. The result, your text and what follows it, is put into the next "
        "cell; nothing of yours is changed.",
        formatter_class=argparse.RawTextHelpFormatter,
    )
    _language_flag(parser)
    parser.add_argument("--replace", action="store_true", help="put the result into this cell instead")
    parser.add_argument("--run", action="store_true", help="run the result, too")
    parser.add_argument("--stream", action="store_true", help="show the code as it arrives; an interrupt keeps it")
    parser.add_argument(
        "--context",
        type=_characters,
        metavar="N",
        help='characters of earlier cells to send as context, or "off"',
    )
    parser.add_argument("--interpolate", action="store_true", help="replace {name} in the cell by the variable's value")
    for name in _sampling_fields():
        _sampling_flag(parser, name)
    _fallback_flag(parser)
    parser.add_argument("--api-url", dest="url", metavar="URL", help="ask this server")
    return parser


def _sampling_fields() -> list[str]:
    return [name for name in GenerationOptions.model_fields if name not in _WITHOUT]


def _sampling_flag(parser: _Parser, name: str) -> None:
    """Add `--some-name` for the field `some_name`. `build_config` checks its range."""
    field = GenerationOptions.model_fields[name]
    kind = next(part for part in get_args(field.annotation) if part is not NoneType)
    flag, text = "--" + name.replace("_", "-"), (field.description or "").replace("%", "%%")
    if kind is bool:
        parser.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, help=text)
        return
    is_list = get_origin(kind) is list
    number = kind if kind in (int, float) else None
    assert get_origin(kind) in (None, list, Annotated)
    parser.add_argument(
        flag,
        dest=name,
        type=number or str,
        action="append" if is_list else "store",
        metavar="NUMBER" if number else "TEXT",
        help=text + ("; may be given several times" if is_list else ""),
    )


def _language_flag(parser: _Parser) -> None:
    parser.add_argument("--language", type=_language, metavar="NAME", help="the code's language; Python unless set")


def _fallback_flag(parser: _Parser) -> None:
    parser.add_argument("--no-fallback", action="store_true", help="use only the first backend of the chain")


def _language(text: str) -> Language:
    try:
        return Language(text.lower())
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(Language)}, not {text!r}") from None


def _characters(text: str) -> int:
    try:
        return characters(text)
    except InvalidRequestError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _status() -> _Parser:
    return _Parser("%sfm2 status")


def _config() -> _Parser:
    parser = _Parser("%sfm2 config")
    parser.add_argument("words", nargs="*", metavar="NAME [VALUE]")
    return parser


def _explain() -> _Parser:
    parser = _Parser("%sfm2 explain")
    parser.add_argument("words", nargs="*", metavar="WHAT")
    parser.add_argument("--max-length", type=int, metavar="NUMBER", help="new tokens at most")
    _language_flag(parser)
    _fallback_flag(parser)
    return parser


def _feedback() -> _Parser:
    parser = _Parser("%sfm2 feedback")
    parser.add_argument("words", nargs=1, choices=list(Outcome), metavar="OUTCOME")
    return parser


_LINE_PARSERS = {"status": _status, "explain": _explain, "config": _config, "feedback": _feedback}
COMMANDS = tuple(_LINE_PARSERS)
_SHAPES = (
    ("status", "check the server and its models"),
    ("explain [NAME | In[3]]", "explain an object's code, a cell, or the cell before"),
    ("config [NAME [VALUE]]", "show the settings, or set one for this session"),
    ("feedback OUTCOME", f"report what became of the last completion: {', '.join(Outcome)}"),
)
