"""Hand-written code: the source files of repositories, and holes cut out of them, for evaluation and training."""
