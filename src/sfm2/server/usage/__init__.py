"""Who uses the service and how much: API keys, rate limits, statistics, feedback, and the store that holds them."""
