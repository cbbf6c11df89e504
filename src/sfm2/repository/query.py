"""What is looked for: the hole, and what near it tells what of the repository would help. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sfm2.languages import comment_pattern
from sfm2.repository.contents import Defined, Import
from sfm2.repository.outline import named
from sfm2.syntax.parsing.parsing_time import ParsingTime

ABOVE, BELOW = 15, 5
"""Lines before and after the cursor that tell what the hole is like."""
_NAMED_ABOVE, _NAMED_BELOW = 40, 10  # lines whose names are looked up
_HALF_AWAY = 5  # lines from the cursor at which a name counts half
_AFTER = 0.7  # what a name right after the cursor counts: it has a use already
_NAME = re.compile(r"[A-Za-z_$][\w$]{2,}")


@dataclass(frozen=True)
class Query:
    """A hole in a file."""

    prefix: str
    suffix: str
    language: str | None = None
    path: str | None = None
    """Relative to the repository, where known."""
    hidden: frozenset[str] = frozenset()
    """Paths that must not be shown: the file itself is one."""
    draft: str = ""
    """What the model wrote into the hole without help: it names what it would need (Zhang et al. 2023, RepoCoder)."""
    time: ParsingTime | None = None

    @cached_property
    def _named(self) -> tuple[list[Defined], list[Import]]:
        return named(self.prefix + self.suffix, self.language, self.time)

    @cached_property
    def near(self) -> str:
        """The lines around the cursor."""
        return "\n".join([*self._above(ABOVE), *self._below(BELOW)])

    @cached_property
    def lines(self) -> list[str]:
        """All lines of the file but the cursor's."""
        return self.prefix.split("\n")[:-1] + self.suffix.split("\n")[1:]

    @cached_property
    def names(self) -> Mapping[str, float]:
        """Names of code near the cursor that the file does not define itself, each with its weight in (0, 1]."""
        own = {one.name for one in self._named[0]}
        weights: dict[str, float] = {}
        comment = re.compile(comment_pattern(self.language))
        above, below = (
            comment.sub("", "\n".join(lines)).split("\n")
            for lines in (self._above(_NAMED_ABOVE), self._below(_NAMED_BELOW))
        )
        for distance, line in enumerate(reversed(above)):
            _weigh(line, 1 / (1 + distance / _HALF_AWAY), weights)
        for distance, line in enumerate(below):
            _weigh(line, _AFTER / (1 + distance / _HALF_AWAY), weights)
        return {name: weight for name, weight in weights.items() if name not in own}

    @cached_property
    def imported(self) -> frozenset[str]:
        """Names that the file imports, and the last parts of the modules that it imports them from."""
        _, imports = self._named
        parts = (_NAME.findall(one.module)[-1:] for one in imports)
        names = {name for one in imports for name in one.names}
        return frozenset(names.union(*parts))

    def _above(self, lines: int) -> list[str]:
        return (self.prefix + self.draft).split("\n")[-lines:]

    def _below(self, lines: int) -> list[str]:
        return self.suffix.split("\n")[:lines]


def _weigh(line: str, weight: float, weights: dict[str, float]) -> None:
    for name in _NAME.findall(line):
        weights[name] = max(weights.get(name, 0), weight)
