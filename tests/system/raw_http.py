"""Send raw bytes, where a client library would correct or hide something."""

import socket
from urllib.parse import urlsplit

PATIENCE = 60.0


def exchange(url: str, request: bytes) -> bytes:
    """Send a request, or its beginning, and return everything until the other side closes."""
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def ask(url: str, target: str, *headers: str, method: str = "GET") -> tuple[int, bytes]:
    """Send a request for a literal target; return the status and the rest of the response."""
    lines = [f"{method} {target} HTTP/1.1", "Host: gateway.example", "Connection: close", *headers]
    answer = exchange(url, "\r\n".join([*lines, "", ""]).encode())
    return int(answer.split(b" ", 2)[1]), answer
