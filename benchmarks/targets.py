"""What is to be reached: each target a ratio of two measurements of one run."""

from collections.abc import Sequence
from dataclasses import dataclass

from measuring import Measurement, Memory

TITLES = {
    "get_user": "`GET /users/{id}`",
    "list_users": "`GET /users`",
    "list_hub": "`GET /users/{id}/friendships` of a hub",
    "register_user": "`POST /users`",
    "befriend": "`POST /friendships`",
}
RATES = (
    *((operation, "allium", "fastapi_asyncpg", 1.00) for operation in TITLES),
    ("get_user", "allium", "raw_asgi", 0.45),
    ("list_users", "allium", "litestar_msgspec", 0.70),
    ("list_hub", "allium", "litestar_msgspec", 0.70),
    ("befriend", "allium, users not remembered", "fastapi_shared_checks", 2.0),
    ("get_user", "allium, with a token", "allium", 0.92),
    ("get_user", "allium, behind the gateway", "allium", 0.40),
    ("list_hub", "allium, page 500", "allium", 0.97),
)
"""Operation, contender, the one it is compared with, and the ratio of their requests/s to reach."""
TAILS = {16: 2.2, 200: 2.2}
"""p99 : p50 by the number of connections."""
MEMORY = 1.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Ratio:
    """A ratio that was measured, and its target."""

    title: str
    value: float
    target: float
    at_least: bool
    by_cpu: float | None = None
    """The same ratio by CPU time for a request, where it is one of rates: above 1 if the first takes less."""

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
        first, second = found[operation, ours, fewest], found[operation, other, fewest]
        title = f"{TITLES[operation]}: requests/s, {ours} : {other}"
        value, by_cpu = first.rate / second.rate, second.cpu_us / first.cpu_us
        result.append(Ratio(title=title, value=value, target=target, at_least=True, by_cpu=by_cpu))
    for each in measurements:
        if each.contender.startswith("allium"):
            title = f"{TITLES[each.operation]}: p99 : p50, {each.contender}, {each.connections} connections"
            value, target = each.p99_ms / each.p50_ms, TAILS[each.connections]
            result.append(Ratio(title=title, value=value, target=target, at_least=False))
    early, late = memory
    title = f"memory of users after {late.requests:,} requests : after {early.requests:,}"
    result.append(Ratio(title=title, value=late.bytes / early.bytes, target=MEMORY, at_least=False))
    return result
