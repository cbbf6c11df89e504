"""A script that pulls weights: CACHE CATALOGUE NAME [--hold-at BYTES] [--largest-file BYTES].

Prints a line for each phase. With --hold-at it prints "held" when that many bytes are there, and continues when it reads a
line. Prints "done" or the error in the end.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

from sfm2.errors import WeightsError
from sfm2.models.catalogue import Catalogue
from sfm2.models.store import ModelStore


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cache", type=Path)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("name")
    parser.add_argument("--hold-at", type=int)
    parser.add_argument("--largest-file", type=int)
    given = parser.parse_args()
    if given.largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (given.largest_file, given.largest_file))
    hold_at = given.hold_at

    def progress(phase: str, done: int, total: int) -> None:
        nonlocal hold_at
        print(phase, flush=True)
        if hold_at is not None and phase == "downloading" and done >= hold_at:
            hold_at = None
            print("held", flush=True)
            sys.stdin.readline()

    store = ModelStore(given.cache, Catalogue.model_validate_json(given.catalogue.read_text()))
    try:
        store.pull(given.name, progress)
    except WeightsError as error:
        print(error.message, flush=True)
        sys.exit(1)
    print("done", flush=True)


main()
