"""The next token of each request of a step: its own temperature, penalty and random numbers, whatever runs beside it.

transformers' continuous batching has these per batch, or not at all. It takes the likeliest token of each row of logits.
This processor, which it calls with them, keeps them, and after the step replaces those tokens that were to be drawn.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessor

from sfm2.types import SamplingParams


class Draw:
    """How one request's tokens are drawn."""

    def __init__(self, sampling: SamplingParams, device: torch.device) -> None:
        self._sampling = sampling
        self.is_likeliest = sampling.temperature == 0 and sampling.repetition_penalty == 1
        """Whether there is nothing to it: most are, and the whole batch of them is drawn in one go"""
        self._generator = torch.Generator(device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)

    def __deepcopy__(self, memo: Any) -> Draw:
        """A request that had to make way begins again with the same random numbers where it was."""
        return self

    def choose(self, logits: torch.Tensor, before: list[int]) -> torch.Tensor:
        """A token; `logits`: of all tokens, `before`: the ids of the prompt and of what was written."""
        wanted, logits = self._sampling, logits.clone()
        if wanted.repetition_penalty != 1:
            seen = torch.tensor(sorted(set(before)), device=logits.device)
            own = logits[seen]
            logits[seen] = torch.where(own < 0, own * wanted.repetition_penalty, own / wanted.repetition_penalty)
        if wanted.temperature == 0:
            return logits.argmax()
        logits, order = torch.sort(logits / wanted.temperature, descending=True)
        if wanted.top_k:
            logits = logits[: wanted.top_k]
        probabilities = logits.softmax(0)
        if wanted.top_p < 1:  # a token stays as long as those before it have less than that
            probabilities[probabilities.cumsum(0) - probabilities >= wanted.top_p] = 0
        return order[torch.multinomial(probabilities, 1, generator=self._generator)[0]]


class Drawing(ContinuousBatchingLogitsProcessor):  # type: ignore[misc]
    """For at most `rows` requests in a step, of a model with `tokens` tokens.

    All that is kept of a step is at the same place each time, since a CUDA graph repeats what was done once.
    """

    supported_kwargs: ClassVar = {"draw": Draw}
    ignored_kwargs: ClassVar = ()

    def __init__(self, rows: int, tokens: int, device: torch.device) -> None:
        self._requests: list[Any] = []
        self._logits = torch.zeros((rows, tokens), dtype=torch.float32, device=device)

    def fill_defaults(self, int32_tensor: torch.Tensor) -> None:
        int32_tensor.zero_()

    def prepare_tensor_args(self, requests_with_new_token: list[Any]) -> torch.Tensor:
        """Remembers whom the rows of the logits belong to; there is nothing else to prepare."""
        self._requests = [one.state for one in requests_with_new_token]
        return torch.zeros(len(self._requests), dtype=torch.int32)

    def __call__(self, scores: torch.Tensor, tensor_arg: torch.Tensor) -> torch.Tensor:
        """`scores`: a row for each request, and perhaps rows of padding after them."""
        self._logits[: len(scores)].copy_(scores)
        return scores

    def finish(self, chosen: torch.Tensor) -> dict[str, tuple[int, float]]:
        """Draws what is to be drawn. `chosen`: the likeliest token of each row, which those that are drawn replace.

        Returns by each request's id its token and that token's log-probability, before temperature and penalty.
        """
        rows, self._requests = self._requests, []
        chosen, logits = chosen[: len(rows)], self._logits[: len(rows)]
        for row, state in enumerate(rows):
            draw: Draw = state.logit_processor_kwargs["draw"]
            if not draw.is_likeliest:
                chosen[row] = draw.choose(logits[row], [*state.initial_tokens, *state.generated_tokens])
        index = chosen.long()[:, None]
        logprobs = (logits.gather(1, index) - logits.logsumexp(1, keepdim=True))[:, 0]
        drawn = zip(chosen.tolist(), logprobs.tolist(), strict=True)
        return dict(zip([state.request_id for state in rows], drawn, strict=True))
