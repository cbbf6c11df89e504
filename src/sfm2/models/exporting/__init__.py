"""Weights of ours as other programs read them: a Hugging Face folder. Needs no PyTorch."""
