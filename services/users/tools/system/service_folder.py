"""The folder of a service, and its answers to the template's questions."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from failures import SystemFailure


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceFolder:
    """A service that was generated from the template."""

    path: Path
    name: str
    port: int
    upstreams: tuple[str, ...]

    @property
    def package(self) -> str:
        """Its Python package."""
        return f"{self.database}_service"

    @property
    def database(self) -> str:
        """Its database, and its login role, on a server that several services share."""
        return self.name.replace("-", "_")

    @property
    def url_variable(self) -> str:
        """The environment variable by which other services find it."""
        return f"{self.database.upper()}_SERVICE_URL"

    @property
    def gateway_variable(self) -> str:
        """The environment variable by which the gateway finds it."""
        return f"{self.database.upper()}_URL"

    @property
    def python(self) -> Path:
        """The Python of its environment, or this one if it has none."""
        own = self.path / ".venv/bin/python"
        return own if own.exists() else Path(sys.executable)


def read_services(folders: Sequence[Path]) -> list[ServiceFolder]:
    """Return the service of each folder; raises `SystemFailure` if one is not a service or a name occurs twice."""
    services = [_read_service(folder.absolute()) for folder in folders]
    for position, service in enumerate(services):
        if service.name in {other.name for other in services[:position]}:
            raise SystemFailure(f"{service.path}: another service is also named {service.name}.")
    return services


def _read_service(folder: Path) -> ServiceFolder:
    answers_file = folder / ".copier-answers.yml"
    try:
        answers = yaml.safe_load(answers_file.read_text())
        upstreams = tuple(answers.get("upstreams") or ())
        return ServiceFolder(path=folder, name=answers["service_name"], port=int(answers["port"]), upstreams=upstreams)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SystemFailure(f"{folder} is not a service: it has no {answers_file.name}.") from error
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise SystemFailure(f"{answers_file} has no valid service_name and port.") from error
