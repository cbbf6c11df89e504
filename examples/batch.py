"""Many prompts at once. The server is the one of SFM2_API_URL, or http://localhost:8000."""

from __future__ import annotations

from sfm2 import SFM2Client, SFM2Error

PROMPTS = ["def sort_list(lst):", "class Queue:", "import numpy as np"]


def main() -> None:
    with SFM2Client() as client:
        results = client.generate_batch(PROMPTS, max_length=50)
    for prompt, result in zip(PROMPTS, results, strict=True):
        if isinstance(result, SFM2Error):
            print(f"# {prompt} failed: {result}")
        else:
            print(result.generated_code)


if __name__ == "__main__":
    main()
