"""GPT-2 with a LoRA, in this process, on PyTorch."""
