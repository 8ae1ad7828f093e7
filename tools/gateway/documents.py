"""The OpenAPI documents of the services, as each one prints its own."""

import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from failures import SystemFailure
from system.service_folder import ServiceFolder


def documents(services: Sequence[ServiceFolder]) -> list[dict[str, Any]]:
    """Return the document of each service; raises `SystemFailure` if one cannot print it."""
    with ThreadPoolExecutor(max(1, len(services))) as pool:
        return list(pool.map(_document, services))


def _document(service: ServiceFolder) -> dict[str, Any]:
    command = [str(service.python), "-m", service.package, "openapi"]
    done = subprocess.run(
        command,
        cwd=service.path,
        env={**os.environ, "PYTHONPATH": "src"},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise SystemFailure(f"{service.name} cannot say what it serves (python -m {service.package} openapi): {reason}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document
