"""The service as a process: its socket, its workers and their engine, and how it shuts down."""
