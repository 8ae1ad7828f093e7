"""The system in containers on a Docker engine: `running` starts it and `images` tests it."""
