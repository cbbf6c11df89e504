"""What the fuzzer begins with: real code from the golden cases, and one sound input of each form."""

from __future__ import annotations

import json
import struct
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.fuzzing.pieces import SEPARATOR
from tests.fuzzing.targets import LANGUAGES, MODES

GOLDEN = Path(__file__).parents[1] / "golden"


def of(target: str) -> list[bytes]:
    """Sound inputs for a target."""
    return list(_SEEDS[target]())


def _places() -> Iterator[tuple[str | None, str, str, str]]:
    """Language, prefix, what a model wrote, suffix."""
    for file in sorted(GOLDEN.glob("*.toml")):
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]:
            text = case.get("case", "")
            if "├" not in text or "┤" not in text:
                continue
            prefix, _, rest = text.partition("├")
            draft, _, suffix = rest.partition("┤")
            yield case.get("language"), prefix, draft, suffix


def _guard() -> Iterator[bytes]:
    for number, (language, *texts) in enumerate(_places()):
        head = bytes([LANGUAGES.index(language) if language in LANGUAGES else 0, number % len(MODES), 7])
        yield head + SEPARATOR.join(text.encode() for text in texts)


def _recognition() -> Iterator[bytes]:
    for number, (language, prefix, draft, suffix) in enumerate(_places()):
        path = "" if number % 2 else f"a.{language}"
        yield SEPARATOR.join(text.encode() for text in (path, prefix + draft, suffix))


def _window() -> Iterator[bytes]:
    for _, prefix, _, suffix in _places():
        yield b"\x40" + SEPARATOR.join((prefix.encode(), suffix.encode()))


def _events() -> Iterator[bytes]:
    yield b'\x05event: chunk\ndata: {"text": "a"}\n\nevent: done\ndata: {}\n\n'
    yield b"\x02\xef\xbb\xbfdata: a\r\ndata: b\r\rdata: \xc3\xa9\n\n:comment\nid: 1\nretry: 5\n\n"


def _weights() -> Iterator[bytes]:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    pairs = [
        text(b"general.architecture") + struct.pack("<I", 8) + text(b"qwen2"),
        text(b"qwen2.context_length") + struct.pack("<II", 4, 8192),
        text(b"tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"b"),
        text(b"tokenizer.ggml.scores") + struct.pack("<IIQ2f", 9, 6, 2, 0.0, 1.0),
    ]
    tensor = text(b"token_embd.weight") + struct.pack("<IQQIQ", 2, 4, 2, 0, 0)
    yield b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + b"".join(pairs) + tensor + bytes(64)


def _configuration() -> Iterator[bytes]:
    file = {
        "api": {"port": 8000},
        "models": {"sfm2": {"device": "cuda", "max_memory": "8GB"}},
        "limits": {"rate": "9/s"},
    }
    for number in range(60):
        yield bytes([number]) + b'["a"]' + SEPARATOR + json.dumps(file).encode()


def _bodies() -> Iterator[bytes]:
    common = {"max_length": 5, "temperature": 0.5, "stop": ["\n"], "n": 2, "seed": 1, "guard": True}
    yield b"\x00" + json.dumps({"prompt": "def f():", "language": "python", **common}).encode()
    yield b"\x01" + json.dumps({"prefix": "a", "suffix": "b", "path": "a.py", "context": [{"text": "x"}]}).encode()
    yield b"\x02" + json.dumps({"prompts": ["a", 1, None], **common}).encode()
    yield b"\x03" + json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode()


def _prompts() -> Iterator[bytes]:
    yield b"\x00<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"
    yield b"\xfe<|file_sep|>\xe2\x80\xa6\nx = 1\n<|file_sep|>b.py\n<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"
    yield b"\x00<|repo_name|>r\n<|file_sep|>a.py\nx = 1\n<|file_sep|>b.py\n<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"
    yield b"\x00<fim_prefix>a<fim_suffix>b<fim_middle>"


_SEEDS = {
    "guard": _guard,
    "recognition": _recognition,
    "window": _window,
    "events": _events,
    "weights": _weights,
    "configuration": _configuration,
    "bodies": _bodies,
    "prompts": _prompts,
}
