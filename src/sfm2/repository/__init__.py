"""What is known of a repository: its files, passages, definitions and imports, found in milliseconds."""
