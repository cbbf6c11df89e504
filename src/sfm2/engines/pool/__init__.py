"""Several engines that run the same weights, as one: who gets a request, and who gets it next where that one fails."""
