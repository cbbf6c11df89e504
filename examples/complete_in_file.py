"""Fill the hole in a file, and show what changes.

    python examples/complete_in_file.py [FILE]

`<hole>` in FILE is where the code belongs; without a FILE, a small one is taken. The server is the one of SFM2_API_URL, or
http://localhost:8000.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from sfm2 import SFM2Client, SFM2Error

MARK = "<hole>"
SAMPLE = """\
def median(numbers):
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    <hole>


print(median([3, 1, 2]))
"""


def main(path: Path | None) -> None:
    name = path.name if path else "median.py"
    prefix, mark, suffix = (path.read_text(encoding="utf-8") if path else SAMPLE).partition(MARK)
    if not mark:
        raise SystemExit(f"{name} has no {MARK}")
    with SFM2Client() as client:
        result = client.complete(prefix, suffix, path=name)
    if not result.completion:
        print(f"# nothing fits: {', '.join(result.guard.reasons)}")
        return
    print(diff(name, prefix + suffix, prefix + result.completion + suffix), end="")
    print(f"# confidence {result.confidence:.2f}, the guard: {result.guard.action}")


def diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, name)
    return "".join(lines)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    except SFM2Error as error:
        raise SystemExit(f"{error}\n{error.suggestion}") from error
