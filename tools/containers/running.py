"""The whole system in containers, separate from one that you may be using."""

import contextlib
import http.client
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from containers.engine import docker, inspect
from failures import SystemFailure
from layout import services
from processes.ports import HOST, free_ports
from system.service_folder import read_services

PROJECT = "allium-images"
READY_SECONDS = 60
ANSWER_SECONDS = 10
POLL_SECONDS = 0.2
LAST_LINES = "5"  # of the log of each container


class Containers:
    """The containers of the gateway and all services, with a Compose project and ports of their own."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        """`ports`: by the variable of the Compose files, such as USERS_PORT."""
        self.ports = dict(ports)
        # Most tests are not about authentication.
        self.environment = {
            "COMPOSE_PROJECT_NAME": PROJECT,
            "AUTHENTICATION": "off",
            **{name: str(port) for name, port in ports.items()},
            # Other containers with the fixed names may be running.
            **{name.replace("_PORT", "_CONTAINER_NAME"): "" for name in ports},
        }

    def url(self, name: str) -> str:
        """Return the URL of a service, or of the gateway."""
        return f"http://{HOST}:{self.ports[variable(name, 'PORT')]}"

    def compose(self, *arguments: str, folder: str = ".", **environment: str) -> str:
        """Run `docker compose` in a folder of the repository; raises `CalledProcessError`."""
        return docker("compose", *arguments, folder=folder, environment={**self.environment, **environment})

    def up(self, **environment: str) -> None:
        """Start what is not running with this configuration, and return when everything is healthy."""
        self.compose("up", "--detach", "--wait", **environment)

    def inspect(self, name: str) -> dict[str, Any]:
        """Return the engine's description of the container of `users`, `users-migrate`, `users-postgres` …"""
        return inspect(self.compose("ps", "--all", "--quiet", name).strip())

    def readiness(self, name: str) -> int:
        """Return the status of a service's readiness, 0 without a response."""
        try:
            with urllib.request.urlopen(f"{self.url(name)}/health/ready", timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):
            return 0

    def wait_for(self, name: str, status: int) -> None:
        """Wait until a service's readiness has this status; raises `TimeoutError`."""
        end = time.monotonic() + READY_SECONDS
        while (last := self.readiness(name)) != status:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{name} did not respond {status} within {READY_SECONDS} s; its last status was {last}"
                )
            time.sleep(POLL_SECONDS)


def variable(name: str, what: str) -> str:
    """Return the variable of a service, such as USERS_PORT."""
    return f"{name.replace('-', '_').upper()}_{what}"


@contextlib.contextmanager
def running_containers() -> Iterator[Containers]:
    """Build the images, run the system, and remove its containers and volumes; raises `SystemFailure`."""
    folders = read_services(services())
    variables = [variable(name, "PORT") for name in ("gateway", *(service.name for service in folders))]
    containers = Containers(dict(zip(variables, free_ports(), strict=False)))
    try:
        containers.compose("build")
        containers.up()
        yield containers
    except subprocess.CalledProcessError as error:
        logs = containers.compose("logs", "--tail", LAST_LINES)
        raise SystemFailure(f"{' '.join(error.cmd)} failed:\n{error.stderr}\n{logs}") from error
    finally:
        containers.compose("down", "--volumes", "--remove-orphans")
