"""OpenAI, or any server that speaks its protocol."""
