"""The guard: keeps a completion syntactically sound, and ends it where the hole ends."""
