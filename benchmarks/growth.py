"""How the cost of each statement grows with the number of rows: `./noxw -s bench -- growth`, 6 to 30 minutes.

Real services get real requests; what each statement cost is read from PostgreSQL's log.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from growth_chart import chart
from growth_report import report
from growth_requests import operations
from growth_seeding import grow
from plans import LOGGING_PLANS, Cost, cost_of_statements
from servers import DATABASE_OPTIONS, ROOT

from invocation import command
from postgres.server import superuser_of
from processes.stopping import Stopped, stop_on_signals
from system.running import System, running_system

RESULTS = Path(__file__).parent / "results"
SIZES = [10**4, 10**5, 10**6, 10**7]


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What was measured with so many users and as many friendships."""

    rows: int
    costs: dict[str, Cost]
    bytes: dict[str, int]
    """Of each table and index."""


def main() -> int:
    """Measure at each size and write the results."""
    parser = argparse.ArgumentParser(prog=f"{command('bench')} growth", description=__doc__)
    parser.add_argument("rows", type=int, nargs="*", default=SIZES, help="sizes, from small (10000) to large")
    arguments = parser.parse_args()
    stop_on_signals()
    try:
        sizes = list(_measure(arguments.rows))
    except Stopped:
        return 1
    costs = {size.rows: size.costs for size in sizes}
    text = report(costs, {size.rows: size.bytes for size in sizes})
    print(text)
    (RESULTS / "growth.md").write_text(text)
    (RESULTS / "growth.svg").write_text(chart(costs))
    (RESULTS / "growth.json").write_text(json.dumps([asdict(size) for size in sizes], indent=2) + "\n")
    return 0


def _measure(rows: list[int]) -> Iterator[Size]:
    with tempfile.TemporaryDirectory(prefix="allium-growth-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # the account that runs PostgreSQL for root has to get through
        services = [ROOT / "services/users", ROOT / "services/friends"]
        options = (*DATABASE_OPTIONS, *LOGGING_PLANS)
        with running_system(services, data=Path(folder), ports="free", database_options=options) as system:
            for before, size in zip([0, *rows], rows, strict=False):
                print(f"{size:,} users and friendships", flush=True)
                yield _measured(system, before, size)


def _measured(system: System, before: int, size: int) -> Size:
    assert system.database  # noqa: S101  # for mypy
    held = asyncio.run(grow(superuser_of(system.database.socket_folder), before=before, size=size))
    costs: dict[str, Cost] = {}
    for operation in operations(system, size):
        operation.warm_up()
        since = system.database.log.stat().st_size
        operation.run()
        costs[operation.title] = cost_of_statements(system.database.log, since=since, on=operation.table)
        print(f"  {operation.title}: {costs[operation.title]}", flush=True)
    return Size(rows=size, costs=costs, bytes=held)


if __name__ == "__main__":
    sys.exit(main())
