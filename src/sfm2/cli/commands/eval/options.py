"""The options of `sfm2 eval run`, and arguments that several `sfm2 eval` commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sfm2.cli.options import json_option
from sfm2.cli.request_options import field_option
from sfm2.config import BACKENDS
from sfm2.evals.asking import Asking
from sfm2.evals.contexts import ALONE, Context
from sfm2.evals.suites import commits, repo
from sfm2.evals.suites.registry import SUITES
from sfm2.types import GenerationOptions, Language

results_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, path_type=Path)
_TO_WRITE = click.Path(dir_okay=False, path_type=Path)


_KINDS = {repo.NAME: repo.KINDS, commits.NAME: commits.KINDS}


class _ContextType(click.ParamType[Context]):
    name = "context"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Context:
        try:
            return value if isinstance(value, Context) else Context.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@dataclass(frozen=True)
class RunOptions:
    """The options and arguments, by name. Raises click.UsageError for options that exclude each other."""

    suite: str
    path: Path | None
    data: Path | None
    limit: int | None
    kinds: tuple[str, ...]
    language: str | None
    url: str | None
    api_key: str | None
    backend: str | None
    output: Path | None
    concurrency: int
    temperature: float
    seed: int
    max_length: int | None
    mode: str | None
    no_guard: bool
    paired: bool
    adapter: str | None
    contexts: tuple[Context, ...]
    since: datetime | None
    as_json: bool

    def __post_init__(self) -> None:
        if self.path is not None and self.data is not None:
            raise click.UsageError("PATH and --data are the same: give one of them.")
        if self.no_guard and self.paired:
            raise click.UsageError("--no-guard: --paired asks with the guard and without it.")
        if self.url and self.backend:
            raise click.UsageError("--backend: the server at --url has a chain of its own; its first backend answers.")
        if self.kinds and self.suite not in _KINDS:
            raise click.UsageError(f"--kind: the items of {self.suite} are all of one kind.")
        if unknown := set(self.kinds) - set(_KINDS.get(self.suite, self.kinds)):
            raise click.UsageError(f"--kind {', '.join(unknown)}: {self.suite} has {', '.join(_KINDS[self.suite])}.")
        if self.language and self.suite not in _KINDS:
            raise click.UsageError(f"--language: the items of {self.suite} are all in Python.")
        if self.suite != commits.NAME and (self.contexts or self.since):
            raise click.UsageError(f"--context, --since: the items of {self.suite} are not commits'.")
        if self.paired and len(self.contexts) > 1:
            raise click.UsageError("--paired: with one --context only.")

    @property
    def loading(self) -> dict[str, Any]:
        """The arguments of the suite's loader besides data and limit."""
        if self.suite not in _KINDS:
            return {}
        given = {
            "kinds": self.kinds or None,
            "language": self.language and Language(self.language),
            "since": self.since and self.since.date(),
        }
        return {"seed": self.seed, **{name: value for name, value in given.items() if value}}

    def askings(self) -> list[Asking]:
        """How to ask the items: once, with and without the guard, or with each context."""
        guards = (True, False) if self.paired else (not self.no_guard,)
        how = (self.max_length, self.mode, self.seed, self.adapter)
        contexts = self.contexts or (ALONE,)
        return [Asking(self.temperature, guard, *how, context) for guard in guards for context in contexts]

    def outputs(self, now: datetime) -> list[Path]:
        """The results file of each asking."""
        output = self.output or Path(f"eval-{self.suite}-{now:%Y%m%d-%H%M%S}.jsonl")
        if self.paired:
            return [output, output.with_name(f"{output.stem}.raw{output.suffix}")]
        if len(self.contexts) < 2:
            return [output]
        names = (str(context).replace(":", "-") for context in self.contexts)
        return [output.with_name(f"{output.stem}.{name}{output.suffix}") for name in names]


def run_options(command: Callable[[RunOptions], None]) -> Callable[..., None]:
    """Add the options and arguments, handed to the command as one `RunOptions`."""

    @click.argument("suite", type=click.Choice(list(SUITES)))
    @click.argument("path", required=False, type=_EXISTING)
    @click.option("--data", type=_EXISTING, help="The suite's file, or the folder that holds it. The same as PATH.")
    @click.option("--limit", type=click.IntRange(1), metavar="N", help="Take at most N items, spread over the suite.")
    @click.option(
        "--kind",
        "kinds",
        type=click.Choice(sorted({kind for kinds in _KINDS.values() for kind in kinds})),
        multiple=True,
        help="Suites repo and commits: take only holes of this kind.",
    )
    @click.option(
        "--language",
        type=click.Choice([language.value for language in Language]),
        metavar="NAME",
        help="Suites repo and commits: take files in this language. Default: of repo the most frequent one, of commits all.",
    )
    @click.option(
        "--context",
        "contexts",
        type=_ContextType(),
        multiple=True,
        metavar="WAY[:TOKENS]",
        help="Suite commits: what of the repository is shown: none, repository, or naive (BM25 alone, to compare with). "
        "Several are measured in turn, and go to a file each.",
    )
    @click.option(
        "--since",
        type=click.DateTime(["%Y-%m-%d"]),
        help=f"Suite commits: take commits from this day on. Default: {commits.SINCE}.",
    )
    @click.option("--url", help="Ask this server. Default: the model in this process.")
    @click.option("--api-key", envvar="SFM2_API_KEY", show_envvar=True, help="The key of the server at --url.")
    @click.option(
        "--backend", type=click.Choice(list(BACKENDS)), help="The backend to measure. Default: the first of the chain."
    )
    @click.option(
        "--output",
        type=_TO_WRITE,
        help="The file to write results to. An unfinished run in it is resumed.",
    )
    @click.option(
        "--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, help="Number of requests at a time."
    )
    @click.option(
        "--temperature",
        type=click.FloatRange(0, 2),
        default=0.0,
        show_default=True,
        help="0 always takes the likeliest token.",
    )
    @click.option(
        "--seed",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Seed of the samples, and of the holes of suite repo.",
    )
    @field_option(GenerationOptions, "max_length")
    @field_option(GenerationOptions, "mode")
    @field_option(GenerationOptions, "adapter")
    @click.option("--no-guard", is_flag=True, help="Measure what the model writes without the guard.")
    @click.option(
        "--paired", is_flag=True, help="Measure with the guard and without it. Results without it go to FILE.raw."
    )
    @json_option("Print the figures as JSON.")
    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        command(RunOptions(**given))

    return with_options
