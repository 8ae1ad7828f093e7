"""The friends service: who it is. Everything else is told by the folders beside this file."""

SERVICE_NAME = "friends"
DEFAULT_PORT = 8002
