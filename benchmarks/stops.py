"""What ended the blocks that are too short: the model, or the guard, which cut code that belonged to them.

`python benchmarks/stops.py FOLDER guarded.jsonl guarded.raw.jsonl`: FOLDER is the one that `sfm2 eval run repo FOLDER
--paired` cut its holes out of, the files are its results. For each completion that ends too early ("under"), the raw text
shows what the model wrote next:
  model ended   nothing: the model stopped there
  model left    a line outside the block: the model continued after the block
  guard         a line of the block: the guard cut it
  differs       another text: the guard closed the completion, or it comes from a second try
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
