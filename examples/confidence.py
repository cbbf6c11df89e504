"""Write what is sure, show what is likely, leave out the rest, and tell the server what became of it.

The server is the one of SFM2_API_URL, or http://localhost:8000.
"""

from __future__ import annotations

from sfm2 import Completion, SFM2Client

SURE, LIKELY = 0.8, 0.4
HOLES = [
    ("def add(a, b):\n    return ", "\n"),
    ("def area(radius):\n    return ", "\n"),
    ("def next_prime(n):\n", "\n\nprint(next_prime(7))\n"),
]


def main() -> None:
    with SFM2Client() as client:
        for prefix, suffix in HOLES:
            result = client.complete(prefix, suffix, path="numbers.py", max_length=80)
            decision = decide(result)
            print(f"{decision:9} {confidence(result)}  {first_line(prefix)} ... {first_line(result.completion)}")
            if decision != "ask":  # what a person will say is not known here
                client.feedback(result.id, "accepted" if decision == "write" else "rejected")


def decide(result: Completion) -> str:
    """What to do with it. A number that nobody fitted to these weights is no probability: then a person decides."""
    if not result.completion or result.guard.undefined:
        return "leave out"
    if not result.calibrated:
        return "ask"
    if result.confidence >= SURE:
        return "write"
    return "ask" if result.confidence >= LIKELY else "leave out"


def confidence(result: Completion) -> str:
    return f"{result.confidence:.2f} {'' if result.calibrated else 'uncalibrated '}"


def first_line(code: str) -> str:
    return code.strip().partition("\n")[0]


if __name__ == "__main__":
    main()
