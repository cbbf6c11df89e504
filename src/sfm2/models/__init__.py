"""Weights and adapters: the catalogue, pulling and verifying, and the files on this machine."""
