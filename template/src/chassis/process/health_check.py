"""Check whether a service on this machine is ready: exit code 0 if it is. For the health check of a container.

A separate program without libraries, since it runs every few seconds. It needs the HOST and PORT of the service.
"""

import http.client
import os
import sys
from ipaddress import ip_address

_SECONDS = 2.5


def main() -> int:
    """Return 0 if the service is ready, else 1 after printing the response or the error."""
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
    """Return the address to reach HOST from here: the loopback address if the service listens on all."""
    host = os.environ.get("HOST") or "127.0.0.1"
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:  # a host name
        return host


if __name__ == "__main__":
    sys.exit(main())
