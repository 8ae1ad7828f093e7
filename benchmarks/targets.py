"""What is to be reached: each target a ratio of two measurements of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

from measuring import Measurement, Memory

TITLES = {
    "get_user": "`GET /users/{id}`",
    "register_user": "`POST /users`",
    "befriend": "`POST /friendships`",
    "list_hub": "`GET /users/{id}/friendships` of a hub",
}
RATES = (
    ("get_user", "allium", "fastapi_asyncpg", 0.75),
    ("get_user", "allium", "raw_asgi", 0.40),
    ("get_user", "allium, with a token", "allium", 0.92),
    ("get_user", "allium, behind the gateway", "allium", 0.40),
    ("register_user", "allium", "fastapi_asyncpg", 0.75),
    ("befriend", "allium, users not in the cache", "naive", 5.0),
    ("list_hub", "allium, page 500", "allium, page 1", 0.95),
)
TAILS = {16: 2.5, 200: 3.0}
MEMORY = 1.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """A ratio that was measured, and its target."""

    title: str
    value: float
    target: float
    at_least: bool

    @property
    def reached(self) -> bool:
        """Whether it is on the right side of its target."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def ratios(measurements: Sequence[Measurement], memory: Sequence[Memory]) -> list[Ratio]:
    """Compare a run with the targets; rates are those at the lowest number of connections."""
    found = {(each.operation, each.contender, each.connections): each for each in measurements}
    fewest = min(TAILS)
    result: list[Ratio] = []
    for operation, ours, other, target in RATES:
        value = found[operation, ours, fewest].rate / found[operation, other, fewest].rate
        title = f"{TITLES[operation]}: requests/s, {ours} : {other}"
        result.append(Ratio(title=title, value=value, target=target, at_least=True))
    for each in measurements:
        if each.contender.startswith("allium"):
            title = f"{TITLES[each.operation]}: p99 : p50, {each.contender}, {each.connections} connections"
            value, target = each.p99_ms / each.p50_ms, TAILS[each.connections]
            result.append(Ratio(title=title, value=value, target=target, at_least=False))
    first, last = memory
    title = f"memory of users after {last.requests:,} requests : after {first.requests:,}"
    result.append(Ratio(title=title, value=last.bytes / first.bytes, target=MEMORY, at_least=False))
    return result
