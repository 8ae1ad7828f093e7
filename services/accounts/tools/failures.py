"""What the tools give up with: each message is for the person at the terminal."""


class SystemFailure(Exception):
    """The services cannot be run, or one of them ended; the message says which one and why."""


class PostgresUnavailable(Exception):
    """No PostgreSQL server can be had; the message says why and, where there is a way out, what to do."""
