"""The `openai` package against SFM-2: nothing changes but the address. `pip install openai`.

The server is the one of SFM2_API_URL, or http://localhost:8000.
"""

from __future__ import annotations

import os

from openai import OpenAI


def main() -> None:
    url = os.environ.get("SFM2_API_URL", "http://localhost:8000")
    # The package insists on a key; a server without keys takes any.
    with OpenAI(base_url=f"{url}/v1", api_key=os.environ.get("SFM2_API_KEY", "none")) as client:
        print("models:", ", ".join(model.id for model in client.models.list()))
        fill_a_hole(client)
        chat(client)


def fill_a_hole(client: OpenAI) -> None:
    answer = client.completions.create(
        model="sfm2",
        prompt="def area(radius):\n    return ",
        suffix="\n\nprint(area(2))\n",
        max_tokens=40,
        temperature=0,
    )
    print("completion:", answer.choices[0].text)


def chat(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="sfm2",
        messages=[{"role": "user", "content": "What does sorted() return?"}],
        max_tokens=40,
        stream=True,
    )
    print("chat: ", end="")
    for event in stream:
        if event.choices:
            print(event.choices[0].delta.content or "", end="", flush=True)
    print()


if __name__ == "__main__":
    main()
