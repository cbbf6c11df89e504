"""The request for another try, when the first completion was of no use."""

from __future__ import annotations

from dataclasses import replace

from sfm2.generation import GenerationRequest

_TEMPERATURE = 0.3  # at least: low, but not what came the first time


def retry_request(request: GenerationRequest) -> GenerationRequest:
    """The same hole in another prompt form, at a low temperature, with a seed of its own."""
    sampling = request.sampling
    return replace(
        request,
        retry=True,
        streaming=False,
        sampling=replace(
            sampling,
            temperature=max(sampling.temperature, _TEMPERATURE),
            seed=None if sampling.seed is None else sampling.seed + 1,
        ),
    )
