"""All-pairs testing: a few rows that contain each pair of values of different questions."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

Row = dict[str, str]
Pair = frozenset[tuple[str, str]]


def pairs(values: Mapping[str, Sequence[str]]) -> set[Pair]:
    """Return each pair of values of different questions."""
    sides = [[(question, value) for value in choice] for question, choice in values.items()]
    return {frozenset(pair) for some, others in combinations(sides, 2) for pair in product(some, others)}


def pairs_of(row: Row) -> set[Pair]:
    """Return the pairs of a row."""
    return {frozenset(pair) for pair in combinations(row.items(), 2)}


def all_pairs(values: Mapping[str, Sequence[str]]) -> list[Row]:
    """Return rows with every pair; greedy, so slightly more than the minimum, but deterministic."""
    rows = []
    missing = pairs(values)
    while missing:
        row = dict(min(missing, key=sorted))
        for question, choice in values.items():
            if question not in row:
                row[question] = max(choice, key=lambda value: len(missing & pairs_of({**row, question: value})))
        rows.append(row)
        missing -= pairs_of(row)
    return rows


def each_value(rows: Iterable[Row]) -> list[Row]:
    """Return a subset of these rows that contains each value."""
    rows = list(rows)
    chosen = []
    missing = {item for row in rows for item in row.items()}
    while missing:
        chosen.append(max(rows, key=lambda row: len(missing & row.items())))
        missing -= chosen[-1].items()
    return chosen
