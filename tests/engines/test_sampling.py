"""What requests may ask for is what OpenVINO takes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfm2.engines.llama_cpp.wire import CompletionCall
from sfm2.engines.openvino.complaints import plain
from sfm2.engines.openvino.sampling import generation_config
from sfm2.engines.serving.runtime import RefusedValuesError
from sfm2.errors import InvalidRequestError
from sfm2.generation import Priority
from sfm2.requests import generate_request
from sfm2.types import LEAST, MAX_NEW_TOKENS, SamplingParams

MAYBE = st.none()
VALUES = st.fixed_dictionaries(
    {
        "max_length": MAYBE | st.integers(1, MAX_NEW_TOKENS),
        "temperature": MAYBE | st.floats(0, 2),
        "top_p": MAYBE | st.floats(0, 1),
        "top_k": MAYBE | st.integers(0, 1000),
        "repetition_penalty": MAYBE | st.floats(0, 2),
        "stop": MAYBE | st.lists(st.text(), max_size=3),
        "seed": MAYBE | st.integers(0, 2**63 - 1),
    }
)


@given(VALUES, st.integers(1, 2**20))
@settings(max_examples=500)
def test_what_a_request_may_say_the_engine_takes(values: dict[str, object], room: int) -> None:
    try:
        request = generate_request("x", values)
    except InvalidRequestError:
        return
    call = CompletionCall.build("x", request.resolve(SamplingParams()), None, True, Priority.ANSWER, 30)
    sent = CompletionCall.model_validate_json(call.model_dump_json())
    generation_config(sent.sampling(room), [0])


@pytest.mark.parametrize("name", ["temperature", "top_p", "repetition_penalty"])
def test_what_is_too_small_to_compute_with_is_refused_by_name(name: str) -> None:
    for value in (1e-320, 1e-46, LEAST / 2):
        with pytest.raises(InvalidRequestError, match=f"{name}: .*1e-30"):
            generate_request("x", {name: value})
    assert generate_request("x", {name: LEAST})


def test_what_openvino_refuses_is_said_without_the_paths_of_its_build() -> None:
    with pytest.raises(RefusedValuesError) as caught:
        generation_config(SamplingParams(temperature=1e-320), [0])
    assert str(caught.value) == "When 'do_sample' is true, temperature must be a strictly positive float, but got 0"
    with pytest.raises(RefusedValuesError, match="too large"):
        generation_config(SamplingParams(temperature=1, top_k=10**30), [0])


def test_a_message_of_openvino_s_is_one_line_without_places() -> None:
    nested = "Exception from src/a.cpp:93:\nException from src/b.cpp:56:\nCheck 'a < b' failed at /c.cpp:3:\nno\nroom"
    assert plain(RuntimeError(nested)) == "no room"
    assert plain(MemoryError()) == "MemoryError"
