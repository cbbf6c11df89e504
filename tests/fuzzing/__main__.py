"""`python -m tests.fuzzing TARGET --runs N`: guided by coverage (atheris), so that it goes where no test has been.

An input that fails is written to the working folder as `crash-...`; `--input FILE` runs one again.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

NAMES = ("bodies", "configuration", "events", "guard", "prompts", "recognition", "weights", "window")
LONGEST = 4096  # bytes of an input
SECONDS = 20  # after which an input counts as one that hangs


@click.command()
@click.argument("target", type=click.Choice(NAMES))
@click.option("--runs", default=100_000, show_default=True, help="Inputs to try.")
@click.option("--seed", default=1, show_default=True)
@click.option("--input", "one", type=click.Path(path_type=Path, exists=True), help="Run this input and no other.")
def main(target: str, runs: int, seed: int, one: Path | None) -> None:
    """Try inputs until one fails, or until there were enough."""
    import atheris

    with atheris.instrument_imports(include=["sfm2"]):  # so they can't stand at the top
        from tests.fuzzing import seeds
        from tests.fuzzing.targets import TARGETS
    if one is not None:
        TARGETS[target](one.read_bytes())
        return
    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(seeds.of(target)):
            (Path(corpus) / str(number)).write_bytes(data)
        options = [
            f"-runs={runs}",
            f"-seed={seed}",
            f"-max_len={LONGEST}",
            f"-timeout={SECONDS}",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], *options, corpus], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
