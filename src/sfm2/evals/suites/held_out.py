"""What `sfm2 finetune data` held out: holes in the newest files of repositories, which no training has seen.

Judged by what stood there: exact text, likeness, and where the completion stops. A completion that does the same in other
words counts as wrong, so the figures say how well a model knows a house's own ways rather than how well it programs.
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
    """Of the folder that `sfm2 finetune data` wrote, or of the file in it; the first `limit`, drawn from all files.

    Raises InvalidRequestError when nothing was held out.
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
            suggestion="Make the data anew with a larger --held-out, of more than one file",
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
    )
