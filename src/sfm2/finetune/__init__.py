"""SFM-2 learns a team's own code: from repositories to examples, from examples to an adapter."""
