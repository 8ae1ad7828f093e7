"""The prediction as a Markdown page."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scaling import Calibration, Size

HEAD = """\
# Predicted: 10 to 1,000 replicas

Written by `./noxw -s bench -- scaling`. Nothing here was measured on so many replicas: it is a simulation, fed with
processor times that were measured on 2 cores. [Scaling](../../docs/scaling.md#by-simulation) says what it is good for.

![how busy each part is as built](scaling.svg)

## The first bottleneck, as built

At 60 % of what the replicas can do. Above 100 % a part cannot keep up; the first to get there is the bottleneck.

| replicas | requests/s | gateway | poolers | their connections | database | first | not served, at least |
|---|---|---|---|---|---|---|---|
"""
ENLARGED = """
## Made large enough

Every other part is at most 60 % busy. A database is a server of 8 cores with its own poolers; several are shards.

| replicas | databases | poolers of each | cores of all gateways | p99 ms, refused at 60 % | at 90 % |
|---|---|---|---|---|---|
"""
CALIBRATED = """
## The model beside `bench`

Of [latest.md](latest.md). Two processes: friends, which asks users for every request.

| operation | processes | clients | requests/s: measured, model | p50 ms | p99 ms |
|---|---|---|---|---|---|
"""


def report(calibrations: Sequence["Calibration"], sizes: Sequence["Size"]) -> str:
    """Return the whole page."""
    as_built = "".join(map(_as_built, sizes))
    enlarged = "".join(map(_enlarged, sizes))
    return HEAD + as_built + ENLARGED + enlarged + CALIBRATED + "".join(map(_calibrated, calibrations))


def _as_built(size: "Size") -> str:
    parts = {name: share for name, share in size.busy.items() if name != "services"}
    first = max(parts, key=lambda name: parts[name])
    cells = " | ".join(f"{share:.0%}" for share in parts.values())
    is_short = parts[first] > 1
    lost = f"{1 - 1 / parts[first]:.0%}" if is_short else "0%"
    return f"| {size.replicas:,} | {size.rate:,.0f} | {cells} | {first if is_short else 'none yet'} | {lost} |\n"


def _enlarged(size: "Size") -> str:
    predicted = " | ".join(f"{p99:,.1f}, {refused:.1%}" for p99, refused in size.predicted.values())
    gateways = size.cell.gateway_cores * size.cells
    return f"| {size.replicas:,} | {size.cells} | {size.cell.poolers} | {gateways} | {predicted} |\n"


def _calibrated(row: "Calibration") -> str:
    pairs = list(zip(row.measured, row.simulated, strict=True))
    rate, *times = pairs
    shown = " | ".join(f"{measured:.1f}, {simulated:.1f}" for measured, simulated in times)
    return f"| `{row.name}` | {row.processes} | {row.clients} | {rate[0]:,.0f}, {rate[1]:,.0f} | {shown} |\n"
