"""The engines: one file each, and one call each, `solve`."""
