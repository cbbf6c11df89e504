"""The requests that the service takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from sfm2.types.language import Language
from sfm2.types.names import Outcome
from sfm2.types.sampling import MAX_NEW_TOKENS, GenerationOptions
from sfm2.types.wire import FLAG, NUMBER, Prompt, Request, Text

MAX_SNIPPETS = 256


class GenerateRequest(GenerationOptions):
    """Complete a prompt."""

    prompt: Prompt
    """Code to complete"""
    suffix: Text | None = None
    """Code that follows the completion"""
    language: Language | None = None
    use_fallback: Annotated[bool, FLAG] = True
    """Whether other backends may answer when SFM-2 can't"""


class Snippet(Request):
    """Code from another file that helps to understand the hole."""

    text: Text
    path: Text = Field("", max_length=4096)
    """The file it comes from"""


class BatchRequest(GenerationOptions):
    """Many prompts with the same options. An invalid prompt does not spoil the others: it gets an error in its place."""

    prompts: list[Any] = Field(min_length=1, json_schema_extra={"items": {"type": "string"}})
    """The prompts, each answered on its own"""
    language: Language | None = None
    use_fallback: Annotated[bool, FLAG] = True


class CompleteRequest(GenerationOptions):
    """The editor's call: fill the hole between prefix and suffix."""

    prefix: Text
    """Code before the cursor"""
    suffix: Text = ""
    """Code after the cursor"""
    language: Language | None = None
    """Taken from `path` when not given"""
    path: Text | None = Field(None, max_length=4096)
    """The file's name; implies the language"""
    context: list[Snippet] = Field([], max_length=MAX_SNIPPETS)
    """Code of other files, the most relevant last: when there is too much, the last ones are kept. It is read where the
    model is unsure without; with `guard` off, always"""
    time_limit: Annotated[float | None, Field(gt=0), NUMBER] = None
    """Seconds of writing after which the completion ends at the end of its line"""
    use_fallback: Annotated[bool, FLAG] = True


class ConversationMessage(Request):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: Text


class ChatRequest(GenerationOptions):
    """A conversation to continue. Replies are not guarded."""

    messages: list[ConversationMessage] = Field(min_length=1)
    use_fallback: Annotated[bool, FLAG] = True


class ExplainRequest(Request):
    """Explain a piece of code in words."""

    code: Prompt
    """Code to explain"""
    language: Language | None = None
    max_length: Annotated[int | None, Field(ge=1, le=MAX_NEW_TOKENS), NUMBER] = None
    """New tokens at most"""
    model: Text | None = Field(None, max_length=200)
    """The backend to answer with, by its name or its model's, and no other; null: the first of the chain that can"""
    use_fallback: Annotated[bool, FLAG] = True


class LanguageRequest(Request):
    """Tell the language of code."""

    code: Text
    """Code, or its beginning"""
    path: Text | None = Field(None, max_length=4096)
    """The file's name, which decides where it is known"""


class FeedbackRequest(Request):
    """What became of a completion; the last report for an `id` counts."""

    id: Text = Field(min_length=1, max_length=100)
    """The completion's"""
    outcome: Outcome
