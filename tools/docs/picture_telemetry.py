"""Create the pictures of docs/observability.md from a real run: the live view under load, and one trace.

python -m docs.picture_telemetry
"""

import http.client
import json
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from rich.console import Console

from layout import ROOT
from system.collector import Collector
from system.running import System, running_system
from system.spans_file import NAME
from system.trace import show
from system.watching import SECONDS, Watching

IMAGES = ROOT / "docs/images"
WIDTH, HEIGHT = 112, 22
PASSWORD = uuid4().hex


def main() -> int:
    """Write both pictures."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        data.chmod(0o711)
        services = sorted((ROOT / "services").iterdir())
        with (
            Collector(data / "logs" / NAME) as collector,
            running_system(
                services,
                data=data,
                ports="free",
                gateway=ROOT / "gateway",
                issuer="accounts",
                variables=collector.variables,
            ) as system,
        ):
            request_id = photograph_the_view(system, collector)
        console = _console()
        show(console, data / "logs", request_id)
        console.save_svg(str(IMAGES / "trace.svg"), title="./noxw -s trace")
    return 0


def photograph_the_view(system: System, collector: Collector) -> str:
    """Draw the live view under load, and return the id of a request that passes through all services."""
    console = _console()
    watching = Watching({name: service.log for name, service in system.services.items()}, collector, console)
    asking = threading.Thread(target=ask, args=(system,), daemon=True)
    asking.start()
    while asking.is_alive():
        watching.read()
        time.sleep(0.1)
    console.print(watching.view())
    console.save_svg(str(IMAGES / "watch.svg"), title="./noxw -s serve -- --watch")
    return befriend(system, *(new_person(system) for _ in range(2)))


def ask(system: System) -> None:
    """Send different kinds of requests."""
    people = [new_person(system) for _ in range(3)]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for token, user_id in people:
            call(system, "GET", f"/api/v1/users/{user_id}", token=token)
            call(system, "GET", f"/api/v1/users/{user_id}/friendships", token=token)
        call(system, "GET", f"/api/v1/users/{uuid4()}", token=people[0][0])
        call(system, "POST", "/api/v1/users", {}, token=people[0][0])


def new_person(system: System) -> tuple[str, str]:
    """Register a person with a profile, and return the token and the id."""
    credentials = {"username": f"p{uuid4().hex[:12]}", "password": PASSWORD}
    call(system, "POST", "/api/v1/accounts", credentials)
    token = call(system, "POST", "/api/v1/sessions", credentials)[0]["access_token"]
    profile = {"username": credentials["username"], "first_name": "Ada", "second_name": "L", "birthday": "1990-01-02"}
    return token, call(system, "POST", "/api/v1/users", profile, token=token)[0]["id"]


def befriend(system: System, one: tuple[str, str], other: tuple[str, str]) -> str:
    """Create a friendship, and return the id of the request after its spans have arrived."""
    _, request_id = call(system, "POST", "/api/v1/friendships", {"target_id": other[1]}, token=one[0])
    time.sleep(3)
    return request_id


def call(system: System, method: str, path: str, body: object = None, *, token: str = "") -> tuple[Any, str]:
    """Send a request to the gateway; return the response body and the request id."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    with closing(http.client.HTTPConnection(urlsplit(system.urls["gateway"]).netloc, timeout=30)) as connection:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        with suppress(ValueError):
            return json.load(response), response.headers["X-Request-ID"]
    return None, ""


def _console() -> Console:
    return Console(record=True, width=WIDTH, height=HEIGHT, force_terminal=True, file=tempfile.TemporaryFile("w+"))


if __name__ == "__main__":
    sys.exit(main())
