"""A live view of the services: requests from their logs, pools and circuits from their metrics."""

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import quantiles

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from failures import SystemFailure
from system.collector import Collector
from system.log_files import FollowedFile
from system.log_lines import is_access, printable, record_of

SECONDS = 10  # the time that is shown
MOST_REQUESTS = 20_000  # of a route in that time; of more, the latest
MOST_TROUBLES = 5
PAUSE_SECONDS = 0.5

Requests = deque[tuple[float, float, int]]
"""The requests of a route: end time, duration in milliseconds, outcome."""


class Watching:
    """Shows the system on the whole terminal; call it repeatedly."""

    def __init__(self, logs: Mapping[str, Path], collector: Collector | None, console: Console) -> None:
        """`logs`: of the services, by name. `collector`: None if metrics are sent elsewhere."""
        if not console.is_terminal:
            raise SystemFailure("--watch needs a terminal. Without --watch, `serve` prints what the services log.")
        self._followed = {name: FollowedFile(log) for name, log in logs.items()}
        self._collector = collector
        self._requests: dict[tuple[str, str], Requests] = defaultdict(lambda: deque(maxlen=MOST_REQUESTS))
        self._troubles: deque[Text] = deque(maxlen=MOST_TROUBLES)
        self._live = Live(console=console, screen=True, auto_refresh=False)
        self._shown = 0.0

    def __enter__(self) -> Callable[[], None]:
        self._live.start()
        return self.step

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def step(self) -> None:
        """Read new log lines, and refresh the view at intervals."""
        self.read()
        if time.monotonic() - self._shown >= PAUSE_SECONDS:
            self._shown = time.monotonic()
            self._live.update(self.view(), refresh=True)

    def read(self) -> None:
        """Read what was logged since the last call."""
        for service, followed in self._followed.items():
            for line in followed.new_lines():
                self._take(service, line)

    def view(self) -> RenderableType:
        """The view."""
        states = [_states(self._collector.values)] if self._collector else []
        return Group(self._routes(), Text(), *states, Text(), *self._troubles)

    def _take(self, service: str, line: str) -> None:
        record = record_of(line)
        if record is None:
            return
        if is_access(record):
            if record["url.path"].startswith("/health/"):
                return
            name = f"{record['http.request.method']} {record.get('http.route', '(no route)')}"
            ended = (time.monotonic(), record["duration_ms"], record["http.response.status_code"])
            self._requests[service, name].append(ended)
        elif record["level"] in {"WARNING", "ERROR", "CRITICAL"}:
            text = f"{service}: {record['level']} {record.get('message', '')}"
            self._troubles.append(Text(printable(text), "yellow"))

    def _routes(self) -> Table:
        table = _table(("service", "route"), ("req/s", "p50 ms", "p99 ms", "4xx", "5xx"))
        since = time.monotonic() - SECONDS
        for (service, name), requests in sorted(self._requests.items()):
            recent = [each for each in requests if each[0] >= since]
            times = [each[1] for each in recent]
            percentiles = quantiles(times, n=100, method="inclusive") if len(times) > 1 else times * 99
            took = (f"{percentiles[49]:.1f}", f"{percentiles[98]:.1f}") if times else ("", "")
            refused, failed = (sum(each[2] // 100 == kind for each in recent) for kind in (4, 5))
            table.add_row(
                service,
                Text(printable(name)),
                f"{len(recent) / SECONDS:.1f}",
                *took,
                str(refused or ""),
                Text(str(failed or ""), "red"),
            )
        return table


def _states(values: Mapping[tuple[str, str, str], float]) -> Table:
    """Queues and circuits, by service."""
    table = _table(("service", "what"), ("used", "of", "waiting", "refused"))
    queues: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    circuits: list[tuple[str, str, float]] = []
    for (service, metric, about), value in sorted(dict(values).items()):
        attributes = json.loads(about)
        if metric.startswith("chassis.queue.") and metric != "chassis.queue.wait_time":
            queues[service, str(attributes.get("chassis.queue.name"))][metric.rpartition(".")[2]] = value
        elif metric == "chassis.upstream.circuit.open":
            circuits.append((service, str(attributes.get("chassis.upstream.name")), value))
    for (service, name), queue in queues.items():
        numbers = (f"{queue.get(each, 0):.0f}" for each in ("used", "limit", "waiting", "refused"))
        table.add_row(Text(printable(service)), Text(printable(name)), *numbers)
    for service, name, is_open in circuits:
        state = f"circuit to {printable(name)} {'open' if is_open else 'closed'}"
        table.add_row(Text(printable(service)), Text(state, "red" if is_open else ""))
    return table


def _table(texts: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in texts:
        table.add_column(name)
    for name in numbers:
        table.add_column(name, justify="right")
    return table
