"""llama.cpp's own server as a process of ours: any GGUF as it is, on any device that it was built for."""
