"""Makes a further entity through all layers, from the source that the sample of a new service was made from."""
