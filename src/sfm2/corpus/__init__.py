"""Hand-written code: source files of repositories and packages, and holes cut out of them, for evaluation and training."""
