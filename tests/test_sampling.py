"""Sampling parameters: what a request gives, and what it leaves to the defaults."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sfm2.engines.llama_cpp.wire import CompletionCall
from sfm2.types import GenerationOptions, SamplingOptions, SamplingParams

NAMES = [field.name for field in fields(SamplingParams)]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "max_length": st.integers(1, 4096),
    "temperature": st.floats(0, 2),
    "top_p": st.floats(0.01, 1),
    "top_k": st.integers(0, 1000),
    "repetition_penalty": st.floats(0.01, 2),
    "stop": st.lists(st.text("ab\n", min_size=1, max_size=5), max_size=4),
    "seed": st.integers(0, 2**63 - 1),
}
GIVEN = st.fixed_dictionaries({}, optional=VALUES)
PARAMS = GIVEN.map(lambda values: SamplingParams(**{**values, "stop": tuple(values.get("stop", ()))}))


def test_every_sampling_parameter_is_a_field_of_requests_and_the_other_way_round() -> None:
    assert list(SamplingOptions.model_fields) == NAMES == list(VALUES)
    assert set(NAMES) < set(GenerationOptions.model_fields)


@given(GIVEN, PARAMS)
def test_what_is_given_wins_and_what_is_not_comes_from_the_defaults(
    values: dict[str, Any], defaults: SamplingParams
) -> None:
    resolved = asdict(SamplingOptions(**values).resolve(defaults))
    expected = {**asdict(defaults), "stop": (), **values}  # a request without stop texts has none
    assert resolved == {**expected, "stop": tuple(expected["stop"])}


@given(PARAMS)
def test_llama_cpps_fields_carry_them_there_and_back(params: SamplingParams) -> None:
    call = CompletionCall.build("x", params, None, streaming=True)
    back = CompletionCall.model_validate_json(call.model_dump_json()).sampling(room=4096)
    assert {**asdict(back), "seed": None} == {**asdict(params), "seed": None}
    assert back.seed == (None if params.seed is None else params.seed % 2**31), "the protocol's seeds have 31 bits"
