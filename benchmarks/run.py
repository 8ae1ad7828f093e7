"""Measure the services against other servers: `./noxw -s bench`, 25 minutes, or `./noxw -s bench -- quick`, three."""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from chart import chart
from contenders import ServerFailure
from load import LoadFailure, generator
from measuring import Measurement, Memory, measure, measure_memory
from report import report
from seeding import seed
from servers import DATABASE_OPTIONS, Bench, running_servers
from targets import Ratio, ratios
from workloads import FEW, MANY, Workloads

from failures import PostgresUnavailable, SystemFailure
from invocation import command
from processes.stopping import Stopped, stop_on_signals

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mode:
    """How long to measure."""

    rounds: Mapping[int, int]
    """By the number of connections."""
    seconds: float
    """Of a round."""
    warm_up: bool
    requests_for_memory: int
    kept: bool
    """Whether the results are written; a short measurement must not take the place of a long one."""


MODES = {
    "full": Mode(rounds={FEW: 5, MANY: 5}, seconds=4, warm_up=True, requests_for_memory=300_000, kept=True),
    "quick": Mode(rounds={FEW: 2, MANY: 1}, seconds=1, warm_up=False, requests_for_memory=20_000, kept=False),
}


def main() -> int:
    """Measure, print the report and, unless it was quick, keep it; 1 if a server or the load generator failed."""
    parser = argparse.ArgumentParser(prog=command("bench"), description=__doc__)
    parser.add_argument("mode", choices=MODES, nargs="?", default="full")
    arguments = parser.parse_args()
    stop_on_signals()
    try:
        with running_servers() as bench:
            measurements, memory = _measure(bench, MODES[arguments.mode])
    except (LoadFailure, PostgresUnavailable, ServerFailure, SystemFailure) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return 1
    _publish(arguments.mode, measurements, memory)
    return 0


def _measure(bench: Bench, mode: Mode) -> tuple[list[Measurement], list[Memory]]:
    _say("filling the databases with 100,000 users and 1,000,000 friendships")
    asyncio.run(seed(bench.postgres))
    with tempfile.TemporaryDirectory(prefix="allium-bench-") as folder:
        workloads = Workloads(Path(folder), friends_url=bench.servers["friends"].url, token=bench.token)
        measurements = measure(
            bench, workloads, rounds=mode.rounds, seconds=mode.seconds, warm_up=mode.warm_up, say=_say
        )
        requests = workloads.operations["get_user"][0].requests(0)
        return measurements, measure_memory(bench, requests, total=mode.requests_for_memory, say=_say)


def _publish(mode: str, measurements: list[Measurement], memory: list[Memory]) -> None:
    facts = _facts(mode)
    compared = ratios(measurements, memory)
    text = report(facts, measurements, compared)
    print(text)
    if not MODES[mode].kept:
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.md").write_text(text)
    (RESULTS / "latest.svg").write_text(chart(compared))
    (RESULTS / f"{datetime.now(UTC):%Y-%m-%d}.json").write_text(_document(facts, measurements, memory, compared))


def _document(
    facts: dict[str, str], measurements: list[Measurement], memory: list[Memory], compared: list[Ratio]
) -> str:
    document = {
        "facts": facts,
        "ratios": [asdict(ratio) | {"reached": ratio.reached} for ratio in compared],
        "measurements": [asdict(each) for each in measurements],
        "memory": [asdict(each) for each in memory],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _facts(mode: str) -> dict[str, str]:
    measured = MODES[mode]
    connections, rounds = (" / ".join(map(str, each)) for each in (measured.rounds, measured.rounds.values()))
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "mode": f"{mode}: {rounds} rounds of {measured.seconds:g} s with {connections} connections",
        "machine": f"{os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()}",
        "load generator": generator(),
        "load average at the end": f"{os.getloadavg()[0]:.1f}",
        "PostgreSQL": f"durable, on disk; {', '.join(DATABASE_OPTIONS)}",
    }


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
