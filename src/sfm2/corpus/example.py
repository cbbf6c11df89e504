"""One thing to learn: what stands between a prefix and a suffix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from sfm2.errors import InvalidRequestError

Kind = Literal["node", "lines", "span", "forward"]
"""A node of the syntax tree or aligned siblings; whole lines; from any character to any other; or the rest of a block, with
no suffix to lead to."""


@dataclass(frozen=True)
class Example:
    """`middle` is what is learnt, and that it ends there. `source` names the file, within its repository."""

    kind: Kind
    language: str
    source: str
    prefix: str
    middle: str
    suffix: str

    @property
    def text(self) -> str:
        return self.prefix + self.middle + self.suffix


def write(path: Path, examples: Iterable[Example]) -> str:
    """As JSON Lines. Returns the SHA-256 of what was written."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for example in examples:
            line = json.dumps(asdict(example), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
            digest.update(line)
            file.write(line)
    return digest.hexdigest()


def read(path: Path) -> Iterator[Example]:
    """Raises InvalidRequestError for a file that does not hold examples."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield Example(**json.loads(line))
                except (ValueError, TypeError) as error:
                    raise InvalidRequestError(
                        f"{path}, line {number}: no example ({error})",
                        suggestion="`sfm2 finetune data` writes such files",
                    ) from error
    except OSError as error:
        raise InvalidRequestError(f"{path}: {error.strerror}") from error
