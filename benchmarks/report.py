"""A run as text for people: tables in Markdown."""

from collections.abc import Mapping, Sequence

from measuring import Measurement
from targets import TITLES, Ratio


def report(facts: Mapping[str, str], measurements: Sequence[Measurement], ratios: Sequence[Ratio]) -> str:
    """Return the circumstances, the ratios against their targets, and the medians."""
    parts = ["# Latest benchmark", "", *[f"- {name}: {value}" for name, value in facts.items()], ""]
    parts += ["![ratios against their targets](latest.svg)", "", "## Ratios", ""]
    parts += ["| ratio | measured | target | |", "|---|---|---|---|"]
    parts += [_ratio_row(ratio) for ratio in ratios]
    parts += ["", "## Medians", ""]
    parts += ["| operation | server | connections | requests/s | p50 ms | p99 ms | CPU µs | failed |"]
    parts += ["|---|---|---|---|---|---|---|---|", *[_row(each) for each in measurements]]
    return "\n".join(parts) + "\n"


def _ratio_row(ratio: Ratio) -> str:
    sign = "≥" if ratio.at_least else "≤"
    return f"| {ratio.title} | {ratio.value:.2f} | {sign} {ratio.target:.2f} | {'' if ratio.reached else 'missed'} |"


def _row(each: Measurement) -> str:
    latencies = f"{each.p50_ms:.1f} | {each.p99_ms:.1f}"
    where = f"{TITLES[each.operation]} | {each.contender} | {each.connections}"
    return f"| {where} | {each.rate:,.0f} | {latencies} | {each.cpu_us:,.0f} | {each.failed:.1%} |"
