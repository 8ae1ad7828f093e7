"""The PostgreSQL server that POSTGRES_HOST names, which replaces the embedded one."""

import os
import socket

from failures import PostgresUnavailable

PORT = 5432
LAST_PORT = 65535
CONNECT_SECONDS = 5


def named_server() -> dict[str, str] | None:
    """Return POSTGRES_* of the server that POSTGRES_HOST names, or None if it is not set."""
    if not os.environ.get("POSTGRES_HOST"):
        return None
    defaults = {"POSTGRES_PORT": str(PORT), "POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": ""}
    return {name: os.environ.get(name, default) for name, default in {"POSTGRES_HOST": "", **defaults}.items()}


def reachable_named_server() -> dict[str, str] | None:
    """Return the same; raises `PostgresUnavailable` if nothing listens there."""
    if server := named_server():
        _require_listener(server["POSTGRES_HOST"], server["POSTGRES_PORT"])
    return server


def _require_listener(host: str, port: str) -> None:
    if not (port.isdecimal() and 0 < int(port) <= LAST_PORT):
        raise PostgresUnavailable(f"POSTGRES_PORT is {port!r}, but must be a number from 1 to {LAST_PORT}.")
    try:
        _connect(host, port)
    except (OSError, ValueError) as error:  # ValueError: a host name that cannot be encoded
        reason = getattr(error, "strerror", None) or error
        raise PostgresUnavailable(
            f"No PostgreSQL server can be reached at {host}, port {port} (POSTGRES_HOST, POSTGRES_PORT): {reason}. "
            "Start it, or unset POSTGRES_HOST to use an embedded one."
        ) from error


def _connect(host: str, port: str) -> None:
    if host.startswith("/"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(f"{host}/.s.PGSQL.{port}")
    else:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
