"""`python -m tools.unasync` writes the SDK's blocking client from the one for asyncio; `--check` only compares.

httpcore keeps its two halves alike in the same way: one is written by hand, the other is what these rules make of it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[1] / "src" / "sfm2" / "client"
SOURCE, TARGET = CLIENT / "_async.py", CLIENT / "_sync.py"
_HEAD = '''"""The SDK for blocking code. Generated from `_async` by `python -m tools.unasync`: do not edit."""
'''
# In this order. Docstrings change by the same rules as code.
_RULES = (
    (r'\A""".*?"""\n', _HEAD),
    (r"AsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"\b(async|await) ", ""),
    (r"\bAsync(Generator|Iterator|SFM2Client|GenerationStream|Completer)\b", r"\1"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\bhttpx\.AsyncClient\b", "httpx.Client"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bimport asyncio\b", "import time"),
    (r"\b(__)?a(iter|next|enter|exit)(__)?\b", lambda found: f"{found[1] or ''}{found[2]}{found[3] or ''}"),
    (r"\ba(close|closing|read|iter_bytes)\b", r"\1"),
    (r"\ban `Completer`", "a `Completer`"),
    (r"Close the client with `close`", "Use it from any thread. Close it with `close`"),
)


def blocking(source: str) -> str:
    """The source of the blocking client."""
    for pattern, replacement in _RULES:
        source = re.sub(pattern, replacement, source, flags=re.DOTALL if pattern.startswith(r"\A") else 0)
    return _ruff("format", _ruff("check", source, "--fix", "--unsafe-fixes", "--select=I,UP028"))


def _ruff(command: str, source: str, *options: str) -> str:
    call = [sys.executable, "-m", "ruff", command, *options, f"--stdin-filename={TARGET}", "-"]
    return subprocess.run(call, input=source, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write the file, or exit with 1 if `--check` finds that it is out of date."""
    parser = argparse.ArgumentParser(prog="python -m tools.unasync", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    check = parser.parse_args().check
    made = blocking(SOURCE.read_text(encoding="utf-8"))
    if not check:
        TARGET.write_text(made, encoding="utf-8")
    elif made != TARGET.read_text(encoding="utf-8"):
        sys.exit(f"{TARGET.name} is out of date; `python -m tools.unasync` writes it")


if __name__ == "__main__":
    main()
