"""The Docker engine, through its command line."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from layout import ROOT

SECONDS_TO_ANSWER = 20


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
    """Return what the engine knows about a container or an image."""
    found: list[dict[str, Any]] = json.loads(docker("inspect", thing))
    return found[0]


def why_not() -> str | None:
    """Say in one line why containers cannot be run here; None if they can."""
    try:
        for arguments in (["info"], ["compose", "version"]):
            subprocess.run(["docker", *arguments], check=True, capture_output=True, timeout=SECONDS_TO_ANSWER)
    except FileNotFoundError:
        return "Docker is not installed: there is no `docker` on the PATH."
    except subprocess.TimeoutExpired:
        return f"The Docker engine does not answer within {SECONDS_TO_ANSWER} s."
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        return f"Docker cannot be used here: {lines[0] if lines else 'it gives no reason'}"
    return None
