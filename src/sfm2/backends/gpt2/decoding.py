"""The decoding loop: one forward pass a token, with a key-value cache. Blocking; imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from sfm2.backends.gpt2.model import GPT2Model
from sfm2.types import SamplingParams

GREEDY = 1e-4  # temperatures below choose as 0 does, and would overflow


@dataclass(frozen=True)
class Token:
    """`logprob` is the model's own: of the raw logits, before penalty, temperature and cuts."""

    id: int
    logprob: float


def generate(loaded: GPT2Model, prompt: Sequence[int], sampling: SamplingParams) -> Iterator[Token]:
    """At most `sampling.max_length` tokens, as many as the window holds. Ends before an end-of-text token."""
    generator = torch.Generator(device=loaded.device)
    generator.manual_seed(sampling.seed) if sampling.seed is not None else generator.seed()
    seen = torch.tensor([prompt], device=loaded.device)
    new, cache = seen, None
    for _ in range(min(sampling.max_length, loaded.window - len(prompt))):
        logits, cache = _forward(loaded.model, new, cache)
        choice = choose(logits, seen[0], sampling, generator)
        if choice in loaded.ends:
            return
        yield Token(choice, float(torch.log_softmax(logits, dim=-1)[choice]))
        new = torch.tensor([[choice]], device=loaded.device)
        seen = torch.cat([seen, new], dim=1)


def choose(logits: torch.Tensor, seen: torch.Tensor, sampling: SamplingParams, generator: torch.Generator) -> int:
    """The next token: penalty, then temperature, then the `top_k` and the `top_p` likeliest."""
    logits = penalized(logits, seen, sampling.repetition_penalty)
    if sampling.temperature < GREEDY:
        return int(logits.argmax())
    logits = nucleus(likeliest(logits / sampling.temperature, sampling.top_k), sampling.top_p)
    return int(torch.multinomial(torch.softmax(logits, dim=-1), 1, generator=generator))


def _forward(model: Any, ids: torch.Tensor, cache: Any) -> tuple[torch.Tensor, Any]:
    with torch.inference_mode():
        output = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return output.logits[0, -1].float(), output.past_key_values


def penalized(logits: torch.Tensor, seen: torch.Tensor, penalty: float) -> torch.Tensor:
    """Tokens of prompt and completion become less likely by the factor `penalty` (Keskar et al. 2019)."""
    if penalty == 1:
        return logits
    scores = logits[seen]
    return logits.scatter(0, seen, torch.where(scores < 0, scores * penalty, scores / penalty))


def likeliest(logits: torch.Tensor, count: int) -> torch.Tensor:
    """Keep the `count` likeliest tokens; 0 keeps all."""
    if count == 0 or count >= len(logits):
        return logits
    least = torch.topk(logits, count).values[-1]
    return logits.masked_fill(logits < least, -torch.inf)


def nucleus(logits: torch.Tensor, mass: float) -> torch.Tensor:
    """Keeps the fewest tokens that together have the probability `mass`."""
    if mass >= 1:
        return logits
    ordered, order = torch.sort(logits, descending=True)
    probabilities = torch.softmax(ordered, dim=-1)
    before = probabilities.cumsum(-1) - probabilities
    return logits.scatter(0, order, ordered.masked_fill(before >= mass, -torch.inf))
