"""How sure the model was: exp(mean log-probability of the tokens it chose), in [0, 1].

The geometric mean of their probabilities. It orders completions; it is not calibrated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def confidence(logprobs: Sequence[float]) -> float:
    """0 when nothing is known: no tokens, or a backend that does not tell."""
    if not logprobs:
        return 0.0
    return min(1.0, math.exp(math.fsum(logprobs) / len(logprobs)))
