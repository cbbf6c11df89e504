"""A tool on the SDK: write the code that each `# TODO` of a Python file asks for.

    python examples/fill_todo.py [FILE] [--write]

Shows the file as it would be; `--write` puts it there. Without a FILE, a small one is taken. What is less sure than FLOOR,
or does not fit, stays a TODO. The server is the one of SFM2_API_URL, or http://localhost:8000.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from sfm2 import SFM2Client, SFM2Error

TODO = re.compile(r"^([ \t]*)# TODO:? *(.*)\n", re.MULTILINE)
FLOOR = 0.2
SAMPLE = '''\
def mean(numbers):
    """The arithmetic mean; 0 for no numbers."""
    # TODO return the mean


print(mean([1, 2, 3]))
'''


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the code that each # TODO of a Python file asks for.")
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true", help="put it into the file")
    arguments = parser.parse_args()
    source = arguments.file.read_text(encoding="utf-8") if arguments.file else SAMPLE
    with SFM2Client() as client:
        result = fill(client, source, arguments.file.name if arguments.file else "mean.py")
    if arguments.write and arguments.file:
        arguments.file.write_text(result, encoding="utf-8")
    else:
        print(result, end="")


def fill(client: SFM2Client, source: str, name: str) -> str:
    """From the last TODO to the first, so that places found once stay right."""
    for todo in reversed(list(TODO.finditer(source))):
        # Below the word TODO most people wrote `pass`, and so does a model.
        before, after = f"{source[: todo.start()]}{todo[1]}# {todo[2]}\n{todo[1]}", source[todo.end() :]
        answer = client.complete(before, f"\n{after}", path=name, mode="block", max_length=120)
        code = answer.completion
        if code.strip() and answer.confidence >= FLOOR:
            source = f"{before}{code.rstrip()}\n{after}"
        note = f"confidence {answer.confidence:.2f}" if code.strip() else "nothing fits"
        print(f"{todo[0].strip()}: {note}", file=sys.stderr)
    return source


if __name__ == "__main__":
    try:
        main()
    except SFM2Error as error:
        raise SystemExit(f"{error}\n{error.suggestion}") from error
