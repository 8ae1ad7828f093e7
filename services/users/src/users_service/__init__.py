"""Who this service is, as its answers say. What it does is told by the folders beside this file."""

SERVICE_NAME = "users"
TITLE = "Users"
DESCRIPTION = "Who there is: registers users and tells who they are."  # fmt: skip
DEFAULT_PORT = 8001
