"""The links of the fallback chain, each a way to get tokens."""
