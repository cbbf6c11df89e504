"""What transformers' process is started with, as JSON in its environment."""

from __future__ import annotations

from sfm2.engines.serving.spec import ServingSpec, ServingTask


class TransformersSpec(ServingSpec):
    """Which weights to run, and within what limits."""

    max_memory: int | None
    """Bytes for weights, keys and values, and the library itself; None: what the model needs."""


class TransformersTask(ServingTask):
    """An engine and where it serves."""

    engine: TransformersSpec
