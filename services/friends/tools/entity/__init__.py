"""Creates an entity in all layers, from the same templates as the sample of a new service."""
