"""What is known of a repository: files, passages, definitions and imports; and what of it a model is shown."""
