"""From the parts of a request to a model's own prompt form, and from its answer back. Pure."""

from sfm2.prompts.chat import ChatTemplateSlots, explanation_messages
from sfm2.prompts.fim import (
    CHARACTERS_PER_TOKEN,
    FAMILIES,
    RETRY_FORM,
    Family,
    PromptForm,
    fim_prompt,
    latest_fitting,
    without_special_tokens,
)
from sfm2.prompts.secrets import without_secrets
from sfm2.prompts.token_healing import TokenHealing

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "FAMILIES",
    "RETRY_FORM",
    "ChatTemplateSlots",
    "Family",
    "PromptForm",
    "TokenHealing",
    "explanation_messages",
    "fim_prompt",
    "latest_fitting",
    "without_secrets",
    "without_special_tokens",
]
