"""Suites of questions. Each is a module with `NAME` and `load(data, limit, ...)`; the table is in `table`."""
