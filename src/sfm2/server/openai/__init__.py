"""OpenAI's protocol, as far as other programs use it: what they send, what they read, and how errors look to them."""
