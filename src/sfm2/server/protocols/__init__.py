"""The wire protocols that the service speaks. `server/http/protocol.py` describes what each one consists of."""
