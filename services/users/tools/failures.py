"""The errors that end a tool; their messages are printed as they are."""


class SystemFailure(Exception):
    """The services cannot run, or one has ended; the message says which one and why."""


class PostgresUnavailable(Exception):
    """No PostgreSQL server is available; the message says why and, if possible, what to do."""
