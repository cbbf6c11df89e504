"""Run by the litellm package's own Python: everything it can do with SFM-2, as JSON. The argument is a base URL."""

from __future__ import annotations

import json
import sys
from typing import Any

import litellm

CODE = "def add(a, b):\n    return"
SAID = [{"role": "user", "content": "Say just the word banana. echo:Banana"}]


def kind_of_error(**asked: Any) -> str:
    try:
        litellm.completion(**asked)
    except Exception as error:  # noqa: BLE001 - its name is the answer
        return type(error).__name__
    return "none"


def main(base_url: str) -> None:
    where = {"api_base": base_url, "api_key": "none", "num_retries": 0}
    code = {"model": "text-completion-openai/sfm2", "prompt": CODE, "max_tokens": 12, "temperature": 0, **where}
    chat = {"model": "openai/sfm2", "messages": SAID, "max_tokens": 12, "temperature": 0, **where}
    whole = litellm.completion(**chat)
    found = {
        "text": litellm.text_completion(**code).choices[0].text,
        "text_stream": "".join(piece.choices[0].text or "" for piece in litellm.text_completion(**code, stream=True)),
        "chat": whole.choices[0].message.content,
        "chat_tokens": whole.usage.total_tokens,
        "chat_stream": "".join(
            piece.choices[0].delta.content or "" for piece in litellm.completion(**chat, stream=True)
        ),
        "unknown_model": kind_of_error(**{**chat, "model": "openai/nix"}),
        "wrong_field": kind_of_error(**{**chat, "temperature": 3}),
        "too_long": kind_of_error(**{**chat, "messages": [{"role": "user", "content": "x y " * 9000}]}),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
