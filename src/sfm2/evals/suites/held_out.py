"""The holes that `sfm2 finetune data` held out: in the newest files of repositories, which were not trained on.

A completion is compared with the original text: whether it is the same, how similar it is, and where it stops. Equivalent
code counts as wrong, so the figures say how well a model knows a team's conventions rather than how well it programs.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from sfm2.corpus import example
from sfm2.corpus.example import Example
from sfm2.errors import InvalidRequestError
from sfm2.evals.items import Item

NAME = "held-out"
FILE = "held_out.jsonl"
_KINDS = {"node": "span", "lines": "line", "span": "span", "forward": "block"}


def load(data: Path | None, limit: int | None = None) -> list[Item]:
    """The first `limit` items (all, if None) of `data`: a folder from `sfm2 finetune data`, or the file in it.

    They are in random order. Raises InvalidRequestError when there is no such file or nothing was held out.
    """
    if data is None:
        raise InvalidRequestError(
            f"{NAME} needs data", suggestion="Name a folder that `sfm2 finetune data` has written"
        )
    path = data / FILE if data.is_dir() else data
    if not path.is_file():
        raise InvalidRequestError(f"{path}: no such file", suggestion="`sfm2 finetune data` writes it")
    items = [_item(number, one) for number, one in enumerate(example.read(path))]
    if not items:
        raise InvalidRequestError(
            f"{path}: nothing was held out",
            suggestion="Create the data again with a larger --held-out, from more than one file",
        )
    return items[:limit]


def _item(number: int, one: Example) -> Item:
    return Item(
        id=f"{one.source}:{number}:{one.kind}",
        source=one.source,
        prefix=one.prefix,
        suffix=one.suffix,
        language=one.language,
        kind=_KINDS[one.kind],
        path=str(PurePosixPath(*PurePosixPath(one.source).parts[1:])),
        expected=one.middle,
        beside=one.context,
    )
