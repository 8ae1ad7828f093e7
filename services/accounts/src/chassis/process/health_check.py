"""Ask a service on this machine whether it is ready: exit code 0 if it is. For the health check of a container.

A program of its own, which needs HOST and PORT as the service has them, and no library: it runs every few seconds.
"""

import http.client
import os
import sys
from ipaddress import ip_address

_SECONDS = 2.5


def main() -> int:
    """0 for ready, 1 otherwise, in which case the answer or the error is printed."""
    try:
        connection = http.client.HTTPConnection(_address(), int(os.environ["PORT"]), timeout=_SECONDS)
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        body = f"{type(error).__name__}: {error}"
    else:
        if answer.status == http.HTTPStatus.OK:
            return 0
    sys.stdout.write(body + "\n")
    return 1


def _address() -> str:
    """Where HOST can be reached from here; a service that listens at every address does so at the loopback's."""
    host = os.environ.get("HOST") or "127.0.0.1"
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:  # a name
        return host


if __name__ == "__main__":
    sys.exit(main())
