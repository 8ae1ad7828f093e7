"""The configurations of `.vscode/launch.json`, as VS Code runs them next to `nox -s db`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from layout import ROOT
from processes.ports import free_ports
from system.service_process import is_ready

from ..programs import soon
from .test_database import database_alone


def configurations(file: Path, workspace: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    for variable, value in {"${workspaceFolder}": str(workspace), "${input:service}": "users"}.items():
        text = text.replace(variable, value)
    found: list[dict[str, Any]] = json.loads(text)["configurations"]
    return found


def started(configuration: dict[str, Any], **environment: str) -> subprocess.Popen[bytes]:
    """Start what debugpy would start."""
    lines = Path(configuration["envFile"]).read_text().splitlines()
    variables = {**dict(line.split("=", 1) for line in lines), **configuration["env"], **environment}
    command = [configuration["python"], "-m", configuration["module"], *configuration["args"]]
    return subprocess.Popen(command, cwd=configuration["cwd"], env={**os.environ, **variables})


def test_launch_configuration_migrates_and_serves_a_service(real_service: Path) -> None:
    serve, migrate, _ = configurations(ROOT / "services/users/.vscode/launch.json", real_service)
    port = next(free_ports())
    with database_alone([real_service], data=real_service / ".allium"):
        with started(migrate) as process:
            assert process.wait() == 0
        with started(serve, PORT=str(port)) as process:
            try:
                assert soon(lambda: is_ready(port))
            finally:
                process.kill()


@pytest.mark.parametrize("name", ["users", "friends", "accounts"])
def test_repository_has_the_configurations_of_each_service_in_its_folder(name: str) -> None:
    folder = ROOT / "services" / name
    for own, ours in zip(
        configurations(folder / ".vscode/launch.json", folder),
        configurations(ROOT / ".vscode/launch.json", ROOT),
        strict=True,
    ):
        inner = {**ours, "envFile": f"{folder}/.allium/database.env"} if "envFile" in ours else ours
        text = json.dumps({**inner, "name": ""}).replace("users", name)
        assert json.loads(text) == {**own, "name": ""}
