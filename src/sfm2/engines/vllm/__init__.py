"""vLLM: its HTTP protocol, and vLLM as a process of ours, for GPUs and many requests at once."""
