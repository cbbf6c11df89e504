"""Evaluation suites. Each is a module with `NAME` and `load(data, limit, ...)`; `registry` lists them."""
