"""Run services on an embedded PostgreSQL until Ctrl-C, and show what they log.

python -m system.serve FOLDER... [--reload] [--watch] [--gateway DIR] [--issuer NAME] [--data DIR] [--ports free]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console

from failures import PostgresUnavailable, SystemFailure
from invocation import command
from processes.stopping import INTERRUPTED, Stopped, stop_on_signals
from system.collector import ENDPOINT, Collector
from system.gateway_process import NAME as GATEWAY
from system.log_files import LogDisplay
from system.log_lines import gateway_lines, service_lines
from system.reloading import Reloading, Snapshot, snapshot
from system.running import System, running_system
from system.spans_file import NAME as SPANS
from system.watching import Watching

POLL_SECONDS = 0.1
SOON_SECONDS = 0.02


def main() -> int:
    """Return 0 if stopped while the services run, 130 if before, 1 after printing the reason if they cannot run."""
    exit_code = INTERRUPTED
    arguments = parse_arguments()
    parent = os.getppid() if arguments.with_parent else None
    if arguments.reload:
        os.environ.setdefault("DRAIN_DELAY", "0")  # no load balancer has to notice the shutdown
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # it is what Python opened
    stop_on_signals()
    try:
        watched = {folder.absolute(): snapshot(folder) for folder in arguments.folders} if arguments.reload else {}
        with (
            own_collector(arguments.data) as collector,
            running_system(
                arguments.folders,
                data=arguments.data,
                ports=arguments.ports,
                gateway=arguments.gateway,
                issuer=arguments.issuer,
                variables=collector.variables if collector else {},
                say=say,
            ) as system,
        ):
            display = watching(system, collector) if arguments.watch else printing(system)
            # From here on it misses no line of a request, so only now may users know that they can send some.
            exit_code = 0
            say(f"Logs are in {system.logs}. Ctrl-C stops everything.")
            with display as show:
                attend(system, show, watched, goes_on=lambda: parent in {None, os.getppid()})
    except Stopped:
        say("Stopped.")
        return exit_code
    except (PostgresUnavailable, SystemFailure) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


def own_collector(data: Path) -> AbstractContextManager[Collector | None]:
    """Return a collector that keeps spans for `trace`, or None if the environment names an endpoint for them."""
    return nullcontext() if os.environ.get(ENDPOINT) else Collector(data.absolute() / "logs" / SPANS)


def watching(system: System, collector: Collector | None) -> Watching:
    """Return the live view of requests, queues and circuits."""
    return Watching({name: service.log for name, service in system.services.items()}, collector, Console())


def printing(system: System) -> AbstractContextManager[Callable[[], None]]:
    """Return a function that prints new log lines."""
    logs = {name: (service.log, service_lines) for name, service in system.services.items()}
    if system.gateway:
        logs[GATEWAY] = (system.gateway.log, gateway_lines)
    return nullcontext(LogDisplay(logs, sys.stdout).show_new)


def attend(
    system: System, show: Callable[[], None], watched: Mapping[Path, Snapshot], *, goes_on: Callable[[], bool]
) -> None:
    """Update the display and restart changed services repeatedly; raises `SystemFailure` if something ends.

    `watched`: the folders of the services to restart, with their files from before the first start.
    """
    services = {service.service.path: service for service in system.services.values()}
    reloads = [Reloading(services[folder], say, since=since) for folder, since in watched.items()]
    check = system.check_surroundings if reloads else system.check
    while goes_on():
        show()
        check()
        for each in reloads:
            each.step()
        time.sleep(SOON_SECONDS if any(each.busy for each in reloads) else POLL_SECONDS)


def parse_arguments() -> argparse.Namespace:
    """Return `folders`, `reload`, `watch`, `gateway`, `issuer`, `data`, `ports` and `with_parent`."""
    description = "Run services on an embedded PostgreSQL until Ctrl-C."
    parser = argparse.ArgumentParser(prog=command("serve"), description=description)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("--reload", action="store_true", help="restart a service when its code changes")
    parser.add_argument("--watch", action="store_true", help="show what the services do instead of what they log")
    parser.add_argument("--gateway", type=Path, metavar="DIR", help="settings of a gateway in front of the services")
    parser.add_argument("--issuer", metavar="NAME", help="the service that issues access tokens for the others")
    parser.add_argument("--data", type=Path, default=Path(".allium"), help="databases and logs (default: .allium)")
    parser.add_argument(
        "--ports",
        choices=["answers", "free"],
        default="answers",
        help="answers (default): the ports in .copier-answers.yml; free: any free ports",
    )
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def say(line: str) -> None:
    """Print a line and flush it, for pipes."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
