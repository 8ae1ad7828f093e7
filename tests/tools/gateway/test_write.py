"""gateway/ is what the services of this repository need, and can be read by those who are to change it."""

import os
import subprocess
import sys

import yaml

from gateway.write import FILE, SETTINGS, TRACED, wanted
from layout import ROOT


def test_the_routes_are_those_that_the_services_need() -> None:
    for file, content in wanted().items():
        assert (ROOT / file).read_text(encoding="utf-8") == content, "run ./noxw -s sync"


def test_the_gateway_that_is_traced_differs_in_nothing_else() -> None:
    traced = yaml.safe_load((ROOT / TRACED).read_text(encoding="utf-8"))
    endpoint = traced.pop("tracing")["otlp"]["http"]["endpoint"]
    assert traced == yaml.safe_load((ROOT / SETTINGS).read_text(encoding="utf-8"))
    viewer = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["observability"]
    assert endpoint == "http://observability:4318/v1/traces"
    assert viewer["profiles"] == ["observability"]
    assert all((ROOT / volume.partition(":")[0]).is_file() for volume in viewer["volumes"])


def test_internal_operations_lead_nowhere() -> None:
    routers = yaml.safe_load(wanted()[FILE])["http"]["routers"]
    nowhere = {name for name, router in routers.items() if router["service"] == "noop@internal"}
    assert nowhere == {"users GET /api/v1/users/exists", "users GET /api/v1/users/{user_id}/exists"}
    assert all(routers[name]["middlewares"] == ["nothing"] for name in nowhere)


def test_a_check_says_in_one_line_what_is_to_be_done() -> None:
    command = [sys.executable, "-m", "gateway.write", "--check"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["tools", "template/tools"])}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The gateway publishes what the services serve.\n"
