"""The plans of the statements that a service runs, as PostgreSQL itself logs them (auto_explain)."""

import json
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOGGING_PLANS = (
    "session_preload_libraries=auto_explain",
    "auto_explain.log_min_duration=0",
    "auto_explain.log_analyze=on",
    "auto_explain.log_buffers=on",
    "auto_explain.log_timing=off",  # a clock call for each row of each node would be most of the time
    "auto_explain.log_format=json",
)
_LOGGED = re.compile(r"duration: ([\d.]+) ms  plan:\n((?:\t.*\n)+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What a statement costs the server: medians over its executions."""

    executions: int
    milliseconds: float
    pages: float
    """Pages of 8 KiB that were looked at, in PostgreSQL's memory or not."""
    plan: str
    """How it gets at its rows."""


def cost_of_statements(log: Path, *, since: int, on: str) -> Cost:
    """Read what the log says, from the offset on, of the statements on a table."""
    with log.open() as file:
        file.seek(since)
        logged = [(float(time), json.loads(plan)) for time, plan in _LOGGED.findall(file.read())]
    executions = [(time, plan["Plan"]) for time, plan in logged if f" {on}" in plan["Query Text"]]
    return Cost(
        executions=len(executions),
        milliseconds=statistics.median(time for time, _ in executions),
        pages=statistics.median(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for _, plan in executions),
        plan=", ".join(dict.fromkeys(way for _, plan in executions for way in _ways(plan))),
    )


def _ways(plan: dict[str, Any]) -> Iterator[str]:
    """Name each node that touches the table, and each sort."""
    if "Relation Name" in plan or plan["Node Type"] == "Sort":
        yield " ".join(filter(None, [plan["Node Type"], plan.get("Index Name")]))
    for child in plan.get("Plans", ()):
        yield from _ways(child)
