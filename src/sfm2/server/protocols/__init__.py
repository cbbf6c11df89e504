"""The wire protocols that the service speaks. `base` describes what each one consists of."""
