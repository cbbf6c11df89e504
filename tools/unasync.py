"""`python -m tools.unasync` writes the SDK's blocking modules from those for asyncio; `--check` only compares.

httpcore keeps its two halves alike in the same way: one is written by hand, the other is what these rules make of it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[1] / "src" / "sfm2" / "client"
SOURCES = (CLIENT / "_async.py", CLIENT / "_async_streams.py")
_HEAD = '"""The SDK for blocking code. Generated from `{}` by `python -m tools.unasync`: do not edit."""\n'
# In this order. Docstrings change by the same rules as code.
_RULES = (
    (r"\b_async(?=_\w+ import\b)", "_sync"),
    (r"AsyncGenerator\[(.+), None\]", r"Generator[\1, None, None]"),
    (r"\b(async|await) ", ""),
    (
        r"\bAsync(Generator|Iterator|SFM2Client|AnswerStream|Closing|GenerationStream|ExplanationStream|Completer)\b",
        r"\1",
    ),
    (r"\bStopAsyncIteration\b", "StopIteration"),
    (r"\bhttpx\.AsyncClient\b", "httpx.Client"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bimport asyncio\b", "import time"),
    (r"\b(__)?a(iter|next|enter|exit)(__)?\b", lambda found: f"{found[1] or ''}{found[2]}{found[3] or ''}"),
    (r"\ba(close|closing|read|iter_bytes)\b", r"\1"),
    (r"\ban `Completer`", "a `Completer`"),
    (r"Close the client with `close`", "Use it from any thread. Close it with `close`"),
)


def target_of(source: Path) -> Path:
    """The blocking module that is written from `source`."""
    return source.with_name(source.name.replace("async", "sync"))


def blocking(source: Path) -> str:
    """The source of the blocking module."""
    text = re.sub(r'\A""".*?"""\n', _HEAD.format(source.stem), source.read_text(encoding="utf-8"), flags=re.DOTALL)
    for pattern, replacement in _RULES:
        text = re.sub(pattern, replacement, text)
    target = target_of(source)
    return _ruff("format", _ruff("check", text, target, "--fix", "--unsafe-fixes", "--select=I,UP028"), target)


def _ruff(command: str, source: str, target: Path, *options: str) -> str:
    call = [sys.executable, "-m", "ruff", command, *options, f"--stdin-filename={target}", "-"]
    return subprocess.run(call, input=source, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write the files, or exit with 1 if `--check` finds that one is out of date."""
    parser = argparse.ArgumentParser(prog="python -m tools.unasync", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of date")
    check = parser.parse_args().check
    for source in SOURCES:
        made, target = blocking(source), target_of(source)
        if not check:
            target.write_text(made, encoding="utf-8")
        elif made != target.read_text(encoding="utf-8"):
            sys.exit(f"{target.name} is out of date; `python -m tools.unasync` writes it")


if __name__ == "__main__":
    main()
