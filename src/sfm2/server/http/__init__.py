"""HTTP as the service uses it: routing, middleware, JSON bodies, event streams and the documentation."""
