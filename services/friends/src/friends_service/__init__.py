"""Who this service is, as its answers say. What it does is told by the folders beside this file."""

SERVICE_NAME = "friends"
TITLE = "Friends"
DESCRIPTION = "Who is friends with whom."  # fmt: skip
DEFAULT_PORT = 8002
