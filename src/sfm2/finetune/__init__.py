"""Fine-tuning on a team's own code: from repositories to training examples, and from examples to a LoRA adapter."""
