"""A process of ours that runs weights, whatever library does: jobs, adapters, llama.cpp's protocol."""
