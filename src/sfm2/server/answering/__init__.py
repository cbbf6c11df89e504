"""How a request gets its answer: from a model, or from work that is done already or under way."""
