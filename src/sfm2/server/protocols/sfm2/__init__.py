"""Our own protocol: `sfm2.types` as JSON."""
