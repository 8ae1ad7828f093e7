"""The servers that the benchmark compares with the services do the same work and respond with the same JSON."""

import http.client
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from layout import ROOT
from system.running import running_system

sys.path.insert(0, str(ROOT / "benchmarks"))

from contenders import CONTENDERS, started_contenders

pytestmark = pytest.mark.thorough

USERS, FRIENDSHIPS = "/api/v1/users", "/api/v1/friendships"
PERSON = {"first_name": "Zoë", "second_name": "O'Neill", "birthday": "1990-05-04"}
FRIENDS = 24  # one page, and some on the next
WITH_USERS = [name for name, services in CONTENDERS.items() if "users" in services]
THAT_CHECK = ["fastapi_shared_checks", "naive_friendships"]


@dataclass(frozen=True, kw_only=True)
class Servers:
    """The URLs of the services and of the baselines, and a user with more friends than fit on one page."""

    urls: Mapping[str, str]
    hub: str


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    folders = [ROOT / "services" / name for name in ("users", "friends")]
    options = ["max_connections=300"]
    with ExitStack() as stack:
        system = stack.enter_context(running_system(folders, ports="free", database_options=options))
        urls = system.urls | {name: server.url for name, server in started_contenders(system, stack).items()}
        hub, *others = (registered(urls["users"]) for _ in range(FRIENDS + 1))
        for number, other in enumerate(others):
            sides = (hub, other) if number % 2 else (other, hub)
            assert send(urls["friends"], FRIENDSHIPS, pair(*sides, tag="school"))[0] == 201
        yield Servers(urls=urls, hub=hub)


def send(url: str, path: str, document: object = None) -> tuple[int, Any]:
    """Send a GET, or a POST if there is a document; return the status and the JSON."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    method, body = ("POST", json.dumps(document)) if document else ("GET", None)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, json.loads(text) if text.startswith(b"{") else None


def registered(url: str) -> str:
    status, user = send(url, USERS, {"username": new_name(), **PERSON})
    assert status == 201
    return str(user["id"])


def new_name() -> str:
    return f"B{uuid4().hex[:15]}"


def pair(initiator: str, target: str, **tag: str) -> dict[str, str]:
    return {"initiator_id": initiator, "target_id": target, **tag}


def pages(url: str, path: str) -> Iterator[Any]:
    """Yield the items of each page of a list; there are two or more."""
    cursor = ""
    while True:
        status, page = send(url, f"{path}?limit=20{cursor}")
        assert status == 200
        assert list(page) == ["items", "next_cursor"]
        yield page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("name", WITH_USERS)
def test_get_user_returns_what_the_service_returns(servers: Servers, name: str) -> None:
    path = f"{USERS}/{servers.hub}"
    expected = send(servers.urls["users"], path)
    assert send(servers.urls[f"{name}/users"], path) == expected
    assert send(servers.urls[f"{name}/users"], f"{USERS}/{uuid4()}")[0] == 404


@pytest.mark.parametrize("name", WITH_USERS)
def test_list_of_users_has_the_pages_of_the_service(servers: Servers, name: str) -> None:
    expected = list(pages(servers.urls["users"], USERS))
    assert len(expected) > 1
    assert list(pages(servers.urls[f"{name}/users"], USERS)) == expected


@pytest.mark.parametrize("name", WITH_USERS)
def test_list_of_friendships_has_the_pages_of_the_service(servers: Servers, name: str) -> None:
    path = f"{USERS}/{servers.hub}/friendships"
    expected = list(pages(servers.urls["friends"], path))
    assert [len(items) for items in expected] == [20, FRIENDS - 20]
    assert list(pages(servers.urls[f"{name}/friends"], path)) == expected


@pytest.mark.parametrize("name", WITH_USERS)
def test_registered_user_is_what_the_service_reads(servers: Servers, name: str) -> None:
    new = {"username": new_name(), **PERSON}
    status, user = send(servers.urls[f"{name}/users"], USERS, new)
    assert status == 201
    assert send(servers.urls["users"], f"{USERS}/{user['id']}") == (200, user)
    again = {**new, "username": new["username"].lower()}
    assert send(servers.urls[f"{name}/users"], USERS, again)[0] == 409


@pytest.mark.parametrize("name", CONTENDERS)
def test_created_friendship_is_what_the_service_reads(servers: Servers, name: str) -> None:
    one, other = registered(servers.urls["users"]), registered(servers.urls["users"])
    status, friendship = send(servers.urls[f"{name}/friends"], FRIENDSHIPS, pair(one, other))
    assert status == 201
    assert send(servers.urls["friends"], f"{FRIENDSHIPS}/{friendship['id']}") == (200, friendship)
    assert send(servers.urls[f"{name}/friends"], FRIENDSHIPS, pair(other, one))[0] == 409


@pytest.mark.parametrize("unknown", ["initiator", "target"])
@pytest.mark.parametrize("name", THAT_CHECK)
def test_friendship_of_an_unknown_user_is_refused(servers: Servers, name: str, unknown: str) -> None:
    users = {"initiator": servers.hub, "target": servers.hub, unknown: str(uuid4())}
    assert send(servers.urls[f"{name}/friends"], FRIENDSHIPS, pair(**users))[0] == 404
