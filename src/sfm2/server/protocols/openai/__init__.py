"""OpenAI's protocol: completions, chat and models, as far as other programs use it."""
