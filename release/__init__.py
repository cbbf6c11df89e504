"""What a release must satisfy: one version everywhere, complete packages, and an API that only grew."""
