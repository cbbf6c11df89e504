"""The wire contract: what goes in and out of the service. Used by server, SDK and command line alike.

Fields of the API reference keep their names. Lengths are in tokens, times in seconds, sizes in bytes.
"""

from sfm2.types.answers import (
    Attempt,
    Batch,
    Choice,
    Chunk,
    Completion,
    ErrorBody,
    Explanation,
    GuardReport,
    Reply,
    TokenLogprob,
    TokenUsage,
)
from sfm2.types.language import Language
from sfm2.types.names import BackendStatus, FinishReason, GuardAction, GuardReason, Mode, Outcome
from sfm2.types.requests import (
    MAX_SNIPPETS,
    BatchRequest,
    ChatRequest,
    CompleteRequest,
    ConversationMessage,
    ExplainRequest,
    FeedbackRequest,
    GenerateRequest,
    Snippet,
)
from sfm2.types.sampling import (
    MAX_CHOICES,
    MAX_NEW_TOKENS,
    MAX_STOPS,
    GenerationArguments,
    GenerationConfig,
    GenerationOptions,
    SamplingOptions,
    SamplingParams,
)
from sfm2.types.status import BackendHealth, Health, Probe, Stats
from sfm2.types.wire import Prompt, Request, StopText, Text, Wire

__all__ = [
    "MAX_CHOICES",
    "MAX_NEW_TOKENS",
    "MAX_SNIPPETS",
    "MAX_STOPS",
    "Attempt",
    "BackendHealth",
    "BackendStatus",
    "Batch",
    "BatchRequest",
    "ChatRequest",
    "Choice",
    "Chunk",
    "CompleteRequest",
    "Completion",
    "ConversationMessage",
    "ErrorBody",
    "ExplainRequest",
    "Explanation",
    "FeedbackRequest",
    "FinishReason",
    "GenerateRequest",
    "GenerationArguments",
    "GenerationConfig",
    "GenerationOptions",
    "GuardAction",
    "GuardReason",
    "GuardReport",
    "Health",
    "Language",
    "Mode",
    "Outcome",
    "Probe",
    "Prompt",
    "Reply",
    "Request",
    "SamplingOptions",
    "SamplingParams",
    "Snippet",
    "Stats",
    "StopText",
    "Text",
    "TokenLogprob",
    "TokenUsage",
    "Wire",
]
