"""Sampling parameters have one name from the SDK's arguments to the engine."""

from __future__ import annotations

from dataclasses import fields

from sfm2.engines.llama_cpp.wire import CompletionCall
from sfm2.generation import Priority
from sfm2.types import GenerationArguments, GenerationOptions, SamplingOptions, SamplingParams


def test_the_sdk_takes_every_option_of_a_request() -> None:
    assert set(GenerationArguments.__annotations__) >= set(GenerationOptions.model_fields)


def test_a_request_may_set_every_sampling_parameter() -> None:
    assert [field.name for field in fields(SamplingParams)] == list(SamplingOptions.model_fields)


def test_the_engine_gets_what_was_asked_for() -> None:
    asked = SamplingParams(7, 0.5, 0.8, 30, 1.2, ("\n\n", "end"), 11)
    call = CompletionCall.model_validate_json(
        CompletionCall.build("x", asked, None, True, Priority.ANSWER, 30).model_dump_json()
    )
    assert call.sampling(room=100) == asked
    assert call.sampling(room=5).max_length == 5
