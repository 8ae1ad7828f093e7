"""The requests of `growth.py`."""

import http.client
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit

from growth_seeding import GROWING_HUB, GROWING_SINCE, HUB_OF_THE_FIRST_DAYS, id_of
from seeding import SEED

from system.running import System

EXECUTIONS = 50
IDS = 100
PAGE_SIZE = 20
DEEP_PAGE = 500
PERSON = {"first_name": "Alice", "second_name": "Liddell", "birthday": "1990-05-04"}
OK = range(200, 300)

Request = tuple[str, str, dict[str, str] | None]


class Api:
    """A service's API over one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def ask(self, method: str, path: str, document: object = None) -> Any:  # noqa: ANN401  # JSON
        """Send a request and return what the answer holds; any but a success is an error."""
        headers = {"Content-Type": "application/json"}
        self._connection.request(method, path, json.dumps(document) if document else None, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status not in OK:
            raise RuntimeError(f"{method} {path}: {answer.status} {body.decode()}")
        return json.loads(body)

    def deep_page(self, path: str) -> str:
        """Walk to where the deep page begins, and return its path."""
        cursor, left = "", (DEEP_PAGE - 1) * PAGE_SIZE
        while left:
            limit = min(left, IDS)
            cursor = "&cursor=" + self.ask("GET", f"{path}?limit={limit}{cursor}")["next_cursor"]
            left -= limit
        return f"{path}?limit={PAGE_SIZE}{cursor}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """Requests of one kind, and the table of the statement that they lead to."""

    title: str
    table: str
    api: Api
    requests: Sequence[Request]

    def warm_up(self) -> None:
        """Send what can be repeated, so that a disk that is read for the first time is not what is measured."""
        if all(method == "GET" for method, *_ in self.requests):
            self.run()

    def run(self) -> None:
        """Send all requests in turn."""
        for request in self.requests:
            self.api.ask(*request)


def operations(system: System, size: int) -> Iterator[Operation]:
    """Yield what is asked of services with so many users and friendships."""
    users, friends = Api(system.url("users")), Api(system.url("friends"))
    on_users = partial(Operation, table="users", api=users)
    on_friendships = partial(Operation, table="friendships", api=friends)
    dice = random.Random(f"{SEED} {size}")  # noqa: S311  # no secret
    some = [str(id_of(number)) for number in dice.sample(range(size), EXECUTIONS * 2)]

    yield on_users(title="user by id", requests=[_get(f"/api/v1/users/{user}") for user in some])
    queries = [urlencode([("id", id_of(dice.randrange(size))) for _ in range(IDS)]) for _ in range(EXECUTIONS)]
    yield on_users(title=f"which of {IDS} users exist", requests=[_get(f"/api/v1/users/exists?{q}") for q in queries])
    yield on_users(title="users, page 1", requests=[_get(f"/api/v1/users?limit={PAGE_SIZE}")] * EXECUTIONS)
    deep = _get(users.deep_page("/api/v1/users"))
    yield on_users(title=f"users, page {DEEP_PAGE}", requests=[deep] * EXECUTIONS)
    names = [f"new{dice.getrandbits(64):016x}" for _ in range(EXECUTIONS)]
    yield on_users(
        title="new user", requests=[("POST", "/api/v1/users", {"username": name, **PERSON}) for name in names]
    )

    pairs = zip(some[::2], some[1::2], strict=True)
    posts = [("POST", "/api/v1/friendships", {"initiator_id": one, "target_id": other}) for one, other in pairs]
    yield on_friendships(title="new friendship", requests=posts)
    hubs = {"an early hub": HUB_OF_THE_FIRST_DAYS} | ({"a growing hub": GROWING_HUB} if size > GROWING_SINCE else {})
    for name, hub in hubs.items():
        path = f"/api/v1/users/{id_of(hub)}/friendships"
        first, deep = _get(f"{path}?limit={PAGE_SIZE}"), _get(friends.deep_page(path))
        yield on_friendships(title=f"friendships of {name}, page 1", requests=[first] * EXECUTIONS)
        yield on_friendships(title=f"friendships of {name}, page {DEEP_PAGE}", requests=[deep] * EXECUTIONS)


def _get(path: str) -> Request:
    return "GET", path, None
