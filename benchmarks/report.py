"""A run as text for people: tables in Markdown."""

from collections.abc import Mapping, Sequence

from measuring import Measurement
from targets import TITLES, Ratio

REFERENCE = "allium"


def report(facts: Mapping[str, str], measurements: Sequence[Measurement], ratios: Sequence[Ratio]) -> str:
    """Return the circumstances, the ratios against their targets, and the medians."""
    parts = ["# Latest benchmark", "", *[f"- {name}: {value}" for name, value in facts.items()], ""]
    parts += ["![ratios against their targets](latest.svg)", "", "## Ratios", ""]
    parts += ["By CPU time: of the second for a request, to that of the first; other programs disturb it less.", ""]
    parts += ["| ratio | measured | by CPU time | target | |", "|---|---|---|---|---|"]
    parts += [_ratio_row(ratio) for ratio in ratios]
    parts += ["", "## Contenders", ""]
    parts += [f"Relative to `{REFERENCE}` at {_fewest(measurements)} connections: requests/s (above 1: faster than"]
    parts += [f"`{REFERENCE}`), and in brackets the CPU time for a request (below 1: less).", ""]
    parts += _contenders(measurements)
    parts += ["", "## Medians", ""]
    parts += ["| operation | server | connections | requests/s | p50 ms | p99 ms | CPU µs | failed |"]
    parts += ["|---|---|---|---|---|---|---|---|", *[_row(each) for each in measurements]]
    return "\n".join(parts) + "\n"


def _ratio_row(ratio: Ratio) -> str:
    sign = "≥" if ratio.at_least else "≤"
    by_cpu = "" if ratio.by_cpu is None else f"{ratio.by_cpu:.2f}"
    missed = "" if ratio.reached else "missed"
    return f"| {ratio.title} | {ratio.value:.2f} | {by_cpu} | {sign} {ratio.target:.2f} | {missed} |"


def _fewest(measurements: Sequence[Measurement]) -> int:
    return min(each.connections for each in measurements)


def _contenders(measurements: Sequence[Measurement]) -> list[str]:
    """Return a table with a row for each contender and a column for each operation."""
    fewest = _fewest(measurements)
    found = {(each.contender, each.operation): each for each in measurements if each.connections == fewest}
    operations = list(dict.fromkeys(operation for _, operation in found))
    lines = [f"| | {' | '.join(TITLES[operation] for operation in operations)} |", "|---" * (len(operations) + 1) + "|"]
    for name in dict.fromkeys(name for name, _ in found if name != REFERENCE):
        cells = [_cell(found.get((name, each)), found[REFERENCE, each]) for each in operations]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _cell(contender: Measurement | None, reference: Measurement) -> str:
    if contender is None:
        return ""
    return f"{contender.rate / reference.rate:.2f} ({contender.cpu_us / reference.cpu_us:.2f})"


def _row(each: Measurement) -> str:
    latencies = f"{each.p50_ms:.1f} | {each.p99_ms:.1f}"
    where = f"{TITLES[each.operation]} | {each.contender} | {each.connections}"
    return f"| {where} | {each.rate:,.0f} | {latencies} | {each.cpu_us:,.0f} | {each.failed:.1%} |"
