"""What is asked of the servers: for each operation the contenders, and the requests, prepared in a file."""

import http.client
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from seeding import HUBS, SEED, few_users, new_pairs, new_pairs_of_few, user_ids

FASTEST = 8_000  # requests per second that no server here reaches: so many new users or pairs are prepared
READS = 50_000
CONNECTIONS = FEW, MANY = (16, 200)
FRAMEWORKS = ("fastapi_asyncpg", "raw_asgi", "litestar_msgspec", "blacksheep_asyncpg", "fastapi_orm")
"""The baselines that have all operations."""
LEVEL_WITH = "fastapi_asyncpg"
"""The baseline that is measured with many connections, too."""
PAGE_SIZE = 20
DEEP_PAGE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """A server with the requests that it gets."""

    name: str
    server: str
    requests: Callable[[float], Path]
    """Prepares a file of requests for so many seconds of load."""
    connections: tuple[int, ...] = CONNECTIONS
    behind: tuple[str, ...] = ()
    """Servers that it sends requests to; their CPU time is added to its own."""
    prelude: Path | None = None
    """Requests sent for a second before each round, not measured."""


class Workloads:
    """All operations by name, each with its contenders in the order of a round."""

    def __init__(self, folder: Path, *, friends_url: str, token: str) -> None:
        self._folder = folder
        self._users = user_ids()
        self._pairs = new_pairs(self._users)
        self._few_pairs = new_pairs_of_few(self._users)
        self._numbers = count()
        self._friends_url = friends_url
        self.operations: dict[str, list[Contender]] = {
            "get_user": self._get_user(token),
            "list_users": self._list_users(),
            "list_hub": self._list_hub(),
            "register_user": self._register_user(),
            "befriend": self._befriend(),
        }

    def _get_user(self, token: str) -> list[Contender]:
        reads = _always(self._write("get_user", self._reads()))
        with_token = _always(self._write("get_user_with_token", self._reads(token)))
        return [
            Contender(name="allium", server="users", requests=reads),
            Contender(name="allium, with a token", server="users-with-token", requests=with_token),
            Contender(name="allium, behind the gateway", server="gateway", requests=reads, behind=("users",)),
            *_baselines("users", reads),
        ]

    def _list_users(self) -> list[Contender]:
        pages = _always(self._write("list_users", [_get(f"/api/v1/users?limit={PAGE_SIZE}")]))
        return [Contender(name="allium", server="users", requests=pages), *_baselines("users", pages)]

    def _list_hub(self) -> list[Contender]:
        hubs = self._users[:HUBS]
        first = _always(self._write("hub_first_page", [_get(_page_path(hub)) for hub in hubs]))
        deep_paths = [_page_path(hub, _cursor_before(self._friends_url, hub)) for hub in hubs]
        deep = _always(self._write("hub_deep_page", map(_get, deep_paths)))
        return [
            Contender(name="allium", server="friends", requests=first),
            Contender(name=f"allium, page {DEEP_PAGE}", server="friends", requests=deep),
            *_baselines("friends", first),
        ]

    def _register_user(self) -> list[Contender]:
        allium = Contender(name="allium", server="users", requests=self._registrations)
        return [allium, *_baselines("users", self._registrations)]

    def _befriend(self) -> list[Contender]:
        uncached, asked = "allium, users not remembered", ("users",)
        every_pair = partial(Contender, requests=self._pairs_of_all, behind=asked)
        # After these, friends remembers for a minute that the users exist.
        lists = self._write("few_users", [_get(_page_path(user, limit=1)) for user in few_users(self._users)])
        return [
            Contender(name="allium", server="friends", requests=self._pairs_of_few, prelude=lists),
            *_baselines("friends", self._pairs_of_few),
            every_pair(name=uncached, server="friends-uncached"),
            # With many clients these overload the users service, which then refuses some of their checks.
            every_pair(name="fastapi_shared_checks", server="fastapi_shared_checks/friends", connections=(FEW,)),
            every_pair(name="naive", server="naive_friendships/friends", connections=(FEW,)),
        ]

    def _reads(self, token: str = "") -> Iterator[str]:
        generator = random.Random(SEED)  # noqa: S311  # no secret
        return (_get(f"/api/v1/users/{user_id}", token) for user_id in generator.sample(self._users, READS))

    def _registrations(self, seconds: float) -> Path:
        names = [f"bench{next(self._numbers):010}" for _ in range(round(seconds * FASTEST))]
        person = {"first_name": "Alice", "second_name": "Liddell", "birthday": "1990-05-04"}
        return self._write("register_user", [_post("/api/v1/users", {"username": name, **person}) for name in names])

    def _pairs_of_all(self, seconds: float) -> Path:
        return self._write_pairs(islice(self._pairs, round(seconds * FASTEST)))

    def _pairs_of_few(self, seconds: float) -> Path:
        return self._write_pairs(islice(self._few_pairs, round(seconds * FASTEST)))

    def _write_pairs(self, pairs: Iterable[tuple[UUID, UUID]]) -> Path:
        bodies = ({"initiator_id": str(first), "target_id": str(second)} for first, second in pairs)
        return self._write("befriend", [_post("/api/v1/friendships", body) for body in bodies])

    def _write(self, name: str, lines: Iterable[str]) -> Path:
        file = self._folder / f"{name}.tsv"
        file.write_text("".join(lines))
        return file


def _baselines(like: str, requests: Callable[[float], Path]) -> list[Contender]:
    """Return all frameworks on the database of a service."""
    return [
        Contender(
            name=name,
            server=f"{name}/{like}",
            requests=requests,
            connections=CONNECTIONS if name == LEVEL_WITH else (FEW,),
        )
        for name in FRAMEWORKS
    ]


def _always(file: Path) -> Callable[[float], Path]:
    """Return the same file for any number of seconds."""
    return lambda _seconds: file


def _get(path: str, token: str = "") -> str:
    return f"GET\t{path}\t\t{token}\n"


def _post(path: str, document: dict[str, str]) -> str:
    return f"POST\t{path}\t{json.dumps(document)}\t\n"


def _page_path(hub: UUID, cursor: str = "", limit: int = PAGE_SIZE) -> str:
    return f"/api/v1/users/{hub}/friendships?limit={limit}" + (f"&cursor={cursor}" if cursor else "")


def _cursor_before(friends_url: str, hub: UUID) -> str:
    """Walk to where the deep page begins, in pages of 100 as far as possible."""
    connection = http.client.HTTPConnection(urlsplit(friends_url).netloc)
    cursor = ""
    left = (DEEP_PAGE - 1) * PAGE_SIZE
    while left:
        limit = min(left, 100)
        connection.request("GET", _page_path(hub, cursor, limit))
        cursor = json.load(connection.getresponse())["next_cursor"]
        left -= limit
    connection.close()
    return cursor
