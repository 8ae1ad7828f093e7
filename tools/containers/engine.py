"""The Docker engine, through its command line."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any

from layout import ROOT

SECONDS_TO_ANSWER = 20
OLDEST_COMPOSE = (2, 24)  # the first with `env_file: [{path: …, required: false}]`
OLDEST_ENGINE = (25, 0)  # the first with `start_interval`
NEEDED = "You need Docker Engine 25 or later with Docker Compose 2.24 or later."


def docker(*arguments: str, folder: str = ".", environment: Mapping[str, str] | None = None) -> str:
    """Run docker in a folder of the repository and return what it printed; raises `CalledProcessError`."""
    done = subprocess.run(
        ["docker", *arguments],
        cwd=ROOT / folder,
        env={**os.environ, **(environment or {})},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def inspect(thing: str) -> dict[str, Any]:
    """Return the engine's description of a container or an image."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", thing))
    return found[0]


def why_not() -> str | None:
    """Return one line that says why containers cannot run here; None if they can."""
    try:
        compose = _printed("compose", "version", "--short")
        engine = _printed("version", "--format", "{{.Server.Version}}")
    except FileNotFoundError:
        return "Docker is not installed: there is no `docker` on the PATH."
    except subprocess.TimeoutExpired:
        return f"The Docker engine does not respond within {SECONDS_TO_ANSWER} s."
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        return f"Docker cannot be used here: {lines[0] if lines else 'it gives no reason'}"
    if _numbers(compose) < OLDEST_COMPOSE:
        return f"Docker Compose {compose} is too old."
    if _numbers(engine) < OLDEST_ENGINE:
        return f"Docker Engine {engine} is too old."
    return None


def _printed(*arguments: str) -> str:
    command = ["docker", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS_TO_ANSWER)
    return done.stdout.strip()


def _numbers(version: str) -> tuple[int, ...]:
    """Return the parts of a version such as v2.24.5-desktop.1 as numbers."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
