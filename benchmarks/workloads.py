"""What is asked of the servers: for each operation the contenders, and the requests, prepared in a file."""

import http.client
import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from seeding import HUBS, SEED, new_pairs, new_pairs_of_few, user_ids

FASTEST = 8_000  # requests per second that no server here reaches: so many new users or pairs are prepared
READS = 50_000
CONNECTIONS = (16, 200)
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


class Workloads:
    """All operations by name, each with its contenders in the order of a round."""

    def __init__(self, folder: Path, *, friends_url: str, token: str) -> None:
        self._folder = folder
        self._users = user_ids()
        self._pairs = new_pairs(self._users)
        self._pairs_of_few = new_pairs_of_few(self._users)
        self._numbers = count()
        hubs = self._users[:HUBS]
        reads = self._write("get_user", self._reads())
        reads_with_token = self._write("get_user_with_token", self._reads(token))
        first = self._write("hub_first_page", [_get(_page_path(hub)) for hub in hubs])
        deep_paths = [_page_path(hub, _cursor_before(friends_url, hub)) for hub in hubs]
        deep = self._write("hub_deep_page", map(_get, deep_paths))
        self.operations: dict[str, list[Contender]] = {
            "get_user": [
                _same("allium", "users", reads),
                _same("allium, with a token", "users-with-token", reads_with_token),
                _same("allium, behind the gateway", "gateway", reads),
                _same("fastapi_asyncpg", "fastapi_asyncpg", reads),
                _same("raw_asgi", "raw_asgi", reads),
            ],
            "register_user": [
                Contender(name="allium", server="users", requests=self._registrations),
                Contender(name="fastapi_asyncpg", server="fastapi_asyncpg", requests=self._registrations),
            ],
            "befriend": [
                Contender(name="allium, users not in the cache", server="friends-uncached", requests=self._beginnings),
                Contender(name="allium, users in the cache", server="friends", requests=self._beginnings_of_few),
                # With 200 clients it overloads the users service, which then refuses some of its checks.
                Contender(
                    name="naive", server="naive_friendships", requests=self._beginnings, connections=CONNECTIONS[:1]
                ),
            ],
            "list_hub": [
                _same("allium, page 1", "friends", first),
                _same(f"allium, page {DEEP_PAGE}", "friends", deep),
            ],
        }

    def _reads(self, token: str = "") -> Iterator[str]:
        generator = random.Random(SEED)  # noqa: S311  # no secret
        return (_get(f"/api/v1/users/{user_id}", token) for user_id in generator.sample(self._users, READS))

    def _registrations(self, seconds: float) -> Path:
        names = [f"bench{next(self._numbers):010}" for _ in range(round(seconds * FASTEST))]
        person = {"first_name": "Alice", "second_name": "Liddell", "birthday": "1990-05-04"}
        return self._write("register_user", [_post("/api/v1/users", {"username": name, **person}) for name in names])

    def _beginnings(self, seconds: float) -> Path:
        return self._write_pairs(islice(self._pairs, round(seconds * FASTEST)))

    def _beginnings_of_few(self, seconds: float) -> Path:
        return self._write_pairs(islice(self._pairs_of_few, round(seconds * FASTEST)))

    def _write_pairs(self, pairs: Iterable[tuple[UUID, UUID]]) -> Path:
        bodies = ({"initiator_id": str(first), "target_id": str(second)} for first, second in pairs)
        return self._write("befriend", [_post("/api/v1/friendships", body) for body in bodies])

    def _write(self, name: str, lines: Iterable[str]) -> Path:
        file = self._folder / f"{name}.tsv"
        file.write_text("".join(lines))
        return file


def _same(name: str, server: str, file: Path) -> Contender:
    return Contender(name=name, server=server, requests=lambda _seconds: file)


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
