"""The users service: who it is. Everything else is told by the folders beside this file."""

SERVICE_NAME = "users"
DEFAULT_PORT = 8001
