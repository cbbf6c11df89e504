"""Who ended the blocks that came out too short: the model, or the guard that cut what still belonged.

`python benchmarks/stops.py FOLDER guarded.jsonl guarded.raw.jsonl`: the folder that `sfm2 eval run repo FOLDER --paired`
cut its holes out of, and what it wrote. Of each completion that counts as under-generation, the raw text tells what the
model wrote next:
  model ended   nothing: it came to its end there
  model left    a line outside the block: it held the block to be over
  guard         a line of the block: the guard cut what belonged
  differs       it begins otherwise: the completion was closed, or comes from a second try
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from sfm2.evals.items import Item
from sfm2.evals.results import read
from sfm2.evals.suites import repo
from sfm2.syntax.lines import indent


def who(item: Item, guarded: str, raw: str) -> str:
    if not raw.startswith(guarded.rstrip()):
        return "differs"
    rest = [line for line in raw[len(guarded.rstrip()) :].split("\n") if line.strip()]
    if not rest:
        return "model ended"
    block = indent(item.prefix[item.prefix.rfind("\n") + 1 :])
    return "guard" if indent(rest[0]) >= block else "model left"


def main(folder: str, guarded: str, raw: str) -> None:
    items = {item.id: item for item in repo.load(Path(folder))}
    without = {record.id: record for record in read(Path(raw)).records}
    short = [record for record in read(Path(guarded)).records if record.stop == "under"]
    counts = Counter(
        who(items[record.id], record.completion, without[record.id].completion)
        for record in short
        if record.id in without
    )
    print(f"{len(short)} too short:", ", ".join(f"{name} {count}" for name, count in counts.most_common()))


if __name__ == "__main__":
    main(*sys.argv[1:])
