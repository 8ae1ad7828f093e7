"""The files in gateway/ match the services of this repository, and are readable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gateway.write import FILE, SETTINGS, TRACED, wanted
from layout import ROOT


@pytest.fixture(scope="module")
def written() -> dict[Path, str]:
    """Return the files as the documents of the services require them; reading these starts every service."""
    return wanted()


def test_gateway_files_are_up_to_date(written: dict[Path, str]) -> None:
    for file, content in written.items():
        assert (ROOT / file).read_text(encoding="utf-8") == content, "run ./noxw -s sync"


def test_traced_gateway_differs_only_in_tracing() -> None:
    traced = yaml.safe_load((ROOT / TRACED).read_text(encoding="utf-8"))
    endpoint = traced.pop("tracing")["otlp"]["http"]["endpoint"]
    assert traced == yaml.safe_load((ROOT / SETTINGS).read_text(encoding="utf-8"))
    viewer = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["observability"]
    assert endpoint == "http://observability:4318/v1/traces"
    assert viewer["profiles"] == ["observability"]
    assert all((ROOT / volume.partition(":")[0]).is_file() for volume in viewer["volumes"])


def test_internal_operations_have_no_routes(written: dict[Path, str]) -> None:
    routers = yaml.safe_load(written[FILE])["http"]["routers"]
    nowhere = {name for name, router in routers.items() if router["service"] == "noop@internal"}
    assert nowhere == {"users GET /api/v1/users/exists", "users GET /api/v1/users/{user_id}/exists"}
    assert all(routers[name]["middlewares"] == ["nothing"] for name in nowhere)


@pytest.mark.thorough
def test_check_says_in_one_line_what_to_do() -> None:
    command = [sys.executable, "-m", "gateway.write", "--check"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["tools", "template/tools"])}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The gateway's routes match the services.\n"
