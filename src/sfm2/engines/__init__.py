"""Engines run weights: the OpenVINO child process, or a llama.cpp server. All are behind `base.Engine`."""
