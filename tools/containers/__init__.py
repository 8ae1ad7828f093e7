"""The system as containers on a Docker engine: `running` starts it, and `images` tests it there."""
