"""Evaluation: suites of items to complete, a sandbox that runs completions with their tests, and statistics over results."""
