"""Training examples: a prefix, a suffix and the middle to be learnt; stored as JSON Lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from sfm2.errors import InvalidRequestError
from sfm2.generation import Excerpt

Kind = Literal["node", "lines", "span", "forward"]
"""What the middle is: a syntax node or adjacent siblings, whole lines, a span from any character to any other, or a block
without a suffix."""


@dataclass(frozen=True)
class Example:
    """A hole and its text, to train on or to evaluate with."""

    kind: Kind
    language: str
    """A value of `sfm2.types.Language`."""
    source: str
    """The file, as repository/path."""
    prefix: str
    middle: str
    """The text of the hole: what a model shall write, before it ends."""
    suffix: str
    context: tuple[Excerpt, ...] = ()
    """Code of other files that is shown with it, the most useful last."""

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """As `write` writes it. Raises TypeError for other fields."""
        context = tuple(Excerpt(**one) for one in fields.pop("context", ()))
        return cls(**fields, context=context)

    @property
    def text(self) -> str:
        """The prefix, the middle and the suffix, joined."""
        return self.prefix + self.middle + self.suffix


def write(path: Path, examples: Iterable[Example]) -> str:
    """Write `examples` to `path` as JSON Lines. Returns the SHA-256 of the file. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for example in examples:
            line = json.dumps(asdict(example), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
            digest.update(line)
            file.write(line)
    return digest.hexdigest()


def read(path: Path) -> Iterator[Example]:
    """The examples in the file `path`, read one by one. Raises InvalidRequestError at a line that is not an example, and
    when the file can't be read."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield Example.from_json(json.loads(line))
                except (ValueError, TypeError, AttributeError) as error:
                    raise InvalidRequestError(
                        f"{path}, line {number}: not an example ({error})",
                        suggestion="`sfm2 finetune data` writes such files",
                    ) from error
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error
