"""The HTTP service.

app         builds the service from settings; all state is made there
protocols/  ours, OpenAI's and llama.cpp's: requests in, answers and errors out
usage/      API keys, rate limits, statistics, feedback, and the store that holds them
http/       routing, middleware, JSON bodies, event streams, the documentation
process/    running it: the socket, worker processes, shutting down
page/       the web page
"""
