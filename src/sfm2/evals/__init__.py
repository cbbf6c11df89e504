"""How good the completions are: suites of questions, a sandbox that runs the answers, and the numbers made of them."""
