"""The results of `growth.py` as tables, and as a picture."""

import math
from collections.abc import Mapping

from plans import Cost

Costs = Mapping[int, Mapping[str, Cost]]


def report(costs: Costs, held: Mapping[int, Mapping[str, int]]) -> str:
    """Return tables of pages and times, of the plans, and of the sizes on disk."""
    sizes = list(costs)
    largest = costs[sizes[-1]]
    heads = [f"10^{math.log10(size):g}" for size in sizes]
    parts = ["# Cost with rows", "", "![pages over rows](growth.svg)", ""]
    parts += ["Pages of 8 KiB that the statement looks at, and its milliseconds in the server (medians)."]
    parts += ["", *_table(["users and friendships", *heads], [[name, *_cells(costs, name)] for name in largest])]
    parts += ["", "## Plans at the largest size", ""]
    parts += _table(["", "gets its rows by"], [[name, cost.plan] for name, cost in largest.items()])
    parts += ["", "## Megabytes on disk", ""]
    names = held[sizes[-1]]
    parts += _table(
        ["", *heads], [[f"`{name}`", *(f"{held[size][name] / 1e6:,.1f}" for size in sizes)] for name in names]
    )
    return "\n".join(parts) + "\n"


def _cells(costs: Costs, name: str) -> list[str]:
    return [f"{cost.pages:g} · {cost.milliseconds:.2f} ms" if (cost := at.get(name)) else "" for at in costs.values()]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
