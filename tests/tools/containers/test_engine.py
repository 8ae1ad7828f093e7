"""Where Docker is missing, silent or too old, one line says so."""

import os
from pathlib import Path

import pytest

from containers.engine import why_not


@pytest.mark.parametrize(
    ("compose", "engine", "reason"),
    [
        ("echo 2.20.3", "echo 28.2.2", "Docker Compose 2.20.3 is too old."),
        ("echo v2.24.0-desktop.1", "echo 28.2.2", None),
        ("echo 5.0.0", "echo 24.0.7", "Docker Engine 24.0.7 is too old."),
        ("echo 2.24.5", "echo 25.0.0", None),
        ("echo unknown command >&2; exit 1", "", "Docker cannot be used here: unknown command"),
        ("echo 2.26.1", "echo no daemon >&2; exit 1", "Docker cannot be used here: no daemon"),
    ],
)
def test_says_why_containers_cannot_be_run(
    compose: str, engine: str, reason: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\nif [ "$1" = compose ]; then {compose}; else {engine or ":"}; fi\n', "utf-8")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert why_not() == reason


def test_says_that_docker_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert why_not() == "Docker is not installed: there is no `docker` on the PATH."
