"""llama.cpp's HTTP protocol, and the engine behind a server that speaks it."""
