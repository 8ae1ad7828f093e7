"""A client that openapi-python-client generates from the OpenAPI document of a service."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from raw_http import ask

from system.service_process import ServiceProcess

GENERATOR = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]


class GeneratedClient:
    """The package `<service>_client`, which has no static types before it is generated."""

    def __init__(self, service: ServiceProcess, server: str, folder: Path) -> None:
        """`service` provides the document, `server` is the URL to call, `folder` is importable and gets the package."""
        name = service.service.name
        self._package = f"{name}_client"
        self._server = server
        document, config = folder / f"{name}.json", folder / "config.json"
        document.write_bytes(ask(service.url, "/api/openapi.json")[1].partition(b"\r\n\r\n")[2])
        config.write_text(json.dumps({"post_hooks": []}), encoding="utf-8")  # do not format it
        output = folder / self._package
        subprocess.run(
            [*GENERATOR, "--path", document, "--output-path", output, "--config", config],
            check=True,
            capture_output=True,
        )

    def model(self, name: str) -> Any:  # noqa: ANN401 - generated
        """Return a class of the bodies."""
        return getattr(importlib.import_module(f"{self._package}.models"), name)

    def call(self, operation: str, token: str | None = None, **arguments: object) -> Any:  # noqa: ANN401 - generated
        """Call an operation by tag and name, such as `users.get_user`, with the arguments of its function.

        A response that the document does not promise is an error.
        """
        module = importlib.import_module(f"{self._package}.api.{operation}")
        with self._client(token) as client:
            return module.sync_detailed(client=client, **arguments)

    def _client(self, token: str | None) -> Any:  # noqa: ANN401 - generated
        module = importlib.import_module(f"{self._package}.client")
        options = {"base_url": self._server, "raise_on_unexpected_status": True}
        return module.AuthenticatedClient(token=token, **options) if token else module.Client(**options)
