"""The calls of friends to users match contracts/friends-of-users.json on both sides.

The consumer is tested against a stub that responds from the file, the provider as the running service and by the
OpenAPI document of its code. Neither side needs the other one.
"""

import copy
import json
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from agreement import Interaction, filled_in, interactions, undocumented, unknown_ids
from aiohttp import web
from callers import Caller
from live_service import live_service

from system.running import System

INTERACTIONS = [pytest.param(each, id=each["description"]) for each in interactions("friends-of-users.json")]


@dataclass
class Provider:
    """A stand-in for users that responds as the contract says, and records its requests."""

    response: dict[str, Any] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        query = [list(pair) for pair in request.query.items()]
        self.requests.append({"method": request.method, "path": request.path, "query": query})
        self.accepted.append(request.headers["Accept"])
        expected = self.response
        return web.Response(
            status=expected["status"], body=json.dumps(expected["body"]), content_type=expected["content_type"]
        )


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[tuple[Provider, str]]:
    """Yield the stand-in and its URL."""
    provider = Provider()
    runner = web.ServerRunner(web.Server(provider.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield provider, "http://{}:{}".format(*runner.addresses[0])
    await runner.cleanup()


@pytest.fixture(scope="module")
async def consumer(
    system: System, provider: tuple[Provider, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Caller]:
    """Yield a friends service that calls the stand-in for users, without caching."""
    log = tmp_path_factory.mktemp("consumer") / "log"
    environment = {"USERS_SERVICE_URL": provider[1], "USERS_EXISTENCE_TTL": "0"}
    with live_service(system.services["friends"], log, **environment) as service:
        await service.becomes(200)
        async with Caller(service.url) as caller:
            yield caller


@pytest.fixture(scope="module")
def openapi(system: System) -> dict[str, Any]:
    """Return the OpenAPI document that the code of users prints, without a running service."""
    folder = system.services["users"].service
    printed = subprocess.run(
        [folder.python, "-m", folder.package, "openapi"],
        cwd=folder.path,
        env=os.environ | {"PYTHONPATH": "src"},
        check=True,
        capture_output=True,
    ).stdout
    document: dict[str, Any] = json.loads(printed)
    return document


@pytest.mark.parametrize("interaction", INTERACTIONS)
async def test_friends_calls_users_as_the_contract_says(
    consumer: Caller, provider: tuple[Provider, str], interaction: Interaction
) -> None:
    stand_in, _ = provider
    agreed = filled_in(interaction, {name: str(uuid4()) for name in interaction["users"]})
    stand_in.response = agreed["response"]
    stand_in.requests.clear()
    when, then = agreed["when"], agreed["then"]
    answer = await consumer.call(when["method"], when["path"], json=when.get("json"))
    assert stand_in.requests == [agreed["request"]]
    assert stand_in.accepted[-1] == agreed["response"]["content_type"]
    assert answer.status == then["status"]
    assert answer.body.get("user_ids") == then.get("user_ids")


@pytest.mark.parametrize("interaction", INTERACTIONS)
async def test_users_responds_as_the_contract_says(users: Caller, interaction: Interaction) -> None:
    ids = unknown_ids(interaction)
    ids |= {name: await users.new_user() for name, exists in interaction["users"].items() if exists}
    agreed = filled_in(interaction, ids)
    request, response = agreed["request"], agreed["response"]
    answer = await users.call(request["method"], request["path"], params=request["query"])
    assert (answer.status, answer.headers["Content-Type"]) == (response["status"], response["content_type"])
    assert {name: sorted(answer.body[name]) for name in response["body"]} == {
        name: sorted(ids) for name, ids in response["body"].items()
    }


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_openapi_document_of_users_covers_the_contract(openapi: dict[str, Any], interaction: Interaction) -> None:
    assert undocumented(openapi, interaction) == []


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        (lambda path, _: path.clear(), ["GET /api/v1/users/exists"]),
        (lambda path, _: path["get"]["responses"].pop("200"), ["200 application/json"]),
        (lambda path, _: path["get"]["parameters"][0].update(name="ids"), ["parameter id", "parameter ids"]),
        (lambda path, _: path["get"]["parameters"][0]["schema"].update(maxItems=1), ["parameter id"]),
        (lambda _, answer: answer["required"].remove("missing"), ["field missing"]),
        (lambda _, answer: answer["properties"].update(existing={"type": "integer"}), ["field existing"]),
    ],
    ids=["no operation", "another status", "another parameter", "fewer ids", "an optional field", "no list of ids"],
)
def test_detects_a_document_that_promises_less(
    openapi: dict[str, Any], change: Callable[[dict[str, Any], dict[str, Any]], None], missed: list[str]
) -> None:
    interaction = interactions("friends-of-users.json")[0]
    document = copy.deepcopy(openapi)
    change(document["paths"][interaction["request"]["path"]], document["components"]["schemas"]["Existence"])
    assert undocumented(document, interaction) == missed
