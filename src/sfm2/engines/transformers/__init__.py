"""Weights as a Hugging Face folder, run by transformers' continuous batching on PyTorch: CUDA without another program."""
