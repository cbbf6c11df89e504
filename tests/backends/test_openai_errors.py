"""Every error of the openai SDK has a place among ours."""

from __future__ import annotations

import openai
import pytest

from sfm2.backends.openai.errors import translate
from sfm2.errors import (
    BackendError,
    BackendOverloadedError,
    BackendTimeoutError,
    BackendUnavailableError,
    PromptTooLongError,
)


def tree(root: type[openai.OpenAIError]) -> list[type[openai.OpenAIError]]:
    return [root, *(cls for child in root.__subclasses__() for cls in tree(child))]


EXPECTED = {
    openai.APITimeoutError: BackendTimeoutError,
    openai.RateLimitError: BackendOverloadedError,
    openai.AuthenticationError: BackendUnavailableError,
    openai.PermissionDeniedError: BackendUnavailableError,
    openai.NotFoundError: BackendUnavailableError,
}


def instance(kind: type[openai.OpenAIError]) -> openai.OpenAIError:
    """An error as the SDK would raise it, without its many forms of __init__."""
    http = type(openai.AsyncOpenAI(api_key="x")._client.build_request("GET", "http://x"))
    request = http("GET", "http://x")
    error = kind.__new__(kind)
    error.args = ("said",)
    error.__dict__ |= {
        "message": "said",
        "code": None,
        "type": None,
        "param": None,
        "request": request,
        "status_code": 400,
    }
    error.__dict__ |= {"response": type("Response", (), {"headers": {}})()}
    return error


@pytest.mark.parametrize("kind", tree(openai.OpenAIError), ids=lambda kind: kind.__name__)
def test_each_class_is_translated(kind: type[openai.OpenAIError]) -> None:
    expected = next((ours for theirs, ours in EXPECTED.items() if issubclass(kind, theirs)), BackendError)
    ours = translate(instance(kind), "a-model")
    assert type(ours) is expected
    assert ours.message


@pytest.mark.parametrize("code", ["context_length_exceeded", "exceed_context_size_error"])
@pytest.mark.parametrize("kind", [openai.BadRequestError, openai.APIError])
def test_a_prompt_that_is_too_long_is_recognised_by_its_code(kind: type[openai.OpenAIError], code: str) -> None:
    error = instance(kind)
    error.__dict__["code"] = code
    assert isinstance(translate(error, "a-model"), PromptTooLongError)
