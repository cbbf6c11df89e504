"""Our sampling parameters as OpenVINO GenAI's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import openvino_genai as genai

from sfm2.engines.openvino.complaints import OPENVINO_ERRORS, plain
from sfm2.engines.serving.runtime import RefusedValuesError
from sfm2.types import SamplingParams


def generation_config(sampling: SamplingParams, stop_ids: Iterable[int]) -> Any:
    """A valid `genai.GenerationConfig`. Raises `RefusedValuesError` with what OpenVINO says of values that it refuses."""
    try:
        config = _config(sampling, stop_ids)
        config.validate()
    except OPENVINO_ERRORS as error:
        raise RefusedValuesError(plain(error)) from error
    except TypeError as error:  # what the binding raises for a number that its C++ type can't hold
        raise RefusedValuesError("a number is too large or too small") from error
    return config


def _config(sampling: SamplingParams, stop_ids: Iterable[int]) -> Any:
    config = genai.GenerationConfig()
    config.apply_chat_template = False
    config.logprobs = 1
    config.max_new_tokens = sampling.max_length
    config.stop_token_ids = set(stop_ids)
    config.repetition_penalty = sampling.repetition_penalty
    config.do_sample = sampling.temperature > 0
    if config.do_sample:
        config.temperature = sampling.temperature
        config.top_p = sampling.top_p
        if sampling.top_k:
            config.top_k = sampling.top_k
        seed = sampling.seed if sampling.seed is not None else int(np.random.default_rng().integers(2**31))
        config.rng_seed = seed
    return config
