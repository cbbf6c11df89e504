"""The store of several machines: a Valkey or Redis server that they share. Needs the extra `valkey`."""
