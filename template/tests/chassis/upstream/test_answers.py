"""What the upstream client accepts as a response, reports as a refusal, and rejects as malformed."""

import asyncio
import gzip
from typing import Any, Self, assert_type
from uuid import UUID

import pytest
from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationInfo, model_validator

from chassis import errors
from chassis.upstream import Answer

from .stub import Upstream, client_of, logged, whole

JSON = "application/json"
PROBLEM = "application/problem+json"
SECRET = "planted-secret"


class User(BaseModel):
    name: str
    friends: list[UUID] = []


class Multiple(BaseModel):
    number: int

    @model_validator(mode="after")
    def _divides(self, info: ValidationInfo[int]) -> Self:
        if info.context and self.number % info.context:
            raise ValueError(SECRET)
        return self


@pytest.mark.parametrize(
    ("read", "document", "value"),
    [
        (User, {"name": "Ada", "later": 1}, User(name="Ada")),
        (list[User], [{"name": "Ada"}, {"name": "Bob"}], [User(name="Ada"), User(name="Bob")]),
        (TypeAdapter(User | None), None, None),
        (TypeAdapter(User | int), 7, 7),
        (dict, {"a": [1]}, {"a": [1]}),
    ],
    ids=str,
)
async def test_reads_any_pydantic_type(upstream: Upstream, read: type[object], document: object, value: object) -> None:
    upstream.handler = upstream.sequence(web.json_response(document))
    async with client_of(upstream.url) as client:
        assert await client.get("/", read=read) == value


async def test_return_types_are_known_to_type_checkers(upstream: Upstream) -> None:
    """mypy checks this test, too."""
    upstream.handler = upstream.sequence(*(web.json_response({"name": "Ada"}) for _ in range(5)))
    ada = User(name="Ada")
    async with client_of(upstream.url) as client:
        assert assert_type(await client.get("/", read=User), User) == ada
        assert assert_type(await client.put("/", read=User, answers={404: None}), User | None) == ada
        assert assert_type(await client.get("/", read=TypeAdapter(User | int)), User | int) == ada
        answer = await client.request("POST", "/", read=User)
        assert assert_type(answer, Answer[User]).value == ada
        assert assert_type((await client.head("/", answers={404: False})).value, bool | None) is None


async def test_passes_the_context_to_validators(upstream: Upstream) -> None:
    upstream.handler = upstream.sequence(*(web.json_response({"number": 9}) for _ in range(2)))
    async with client_of(upstream.url) as client:
        assert (await client.get("/", read=Multiple, context=3)).number == 9
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=Multiple, context=2)


async def test_returns_status_and_headers_of_the_response(upstream: Upstream) -> None:
    made = web.json_response({"name": "Ada"}, status=201, headers={"Location": "/users/1"})
    upstream.handler = upstream.sequence(made)
    async with client_of(upstream.url) as client:
        answer = await client.request("POST", "/users", json={"name": "Ada"}, read=User)
    assert (answer.status, answer.headers["location"], answer.value) == (201, "/users/1", User(name="Ada"))


@pytest.mark.parametrize("answer", [{"status": 200, "text": SECRET}, {"status": 202}, {"status": 204}], ids=str)
async def test_ignores_the_body_if_no_type_is_requested(upstream: Upstream, answer: dict[str, Any]) -> None:
    upstream.handler = upstream.sequence(*(web.Response(**answer) for _ in range(2)))
    async with client_of(upstream.url) as client:
        for _ in range(2):
            assert (await client.request("POST", "/")).value is None
    assert len(upstream.connections) == 1


@pytest.mark.parametrize("status", [204, 302, 404, 500])
async def test_accepts_the_statuses_that_a_call_expects(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(*(web.Response(status=status) for _ in range(3)))
    async with client_of(upstream.url, http_client_retries=2, circuit_breaker_failures=1) as client:
        for _ in range(3):
            assert await client.get("/", read=User, answers={status: None}) is None
    assert len(upstream.requests) == 3
    assert len(upstream.connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 204},
        {"status": 302, "headers": {"Location": "/"}},
        {"text": "[]", "content_type": "text/html"},
        {"text": "{", "content_type": JSON},
        {"text": "[" * 100_000, "content_type": JSON},
        {"text": '"\\ud800"', "content_type": JSON},
        {"body": b'"\xff"', "content_type": JSON},
        {"text": " " * 2_000, "content_type": JSON},
        {"body": gzip.compress(b"{}", mtime=0), "headers": {"Content-Encoding": "gzip", "Content-Type": JSON}},
    ],
    ids=lambda answer: str(answer)[:40],
)
async def test_reports_a_response_that_is_not_json_as_upstream_unavailable(
    upstream: Upstream, answer: dict[str, Any]
) -> None:
    upstream.handler = upstream.sequence(web.Response(**answer))
    async with client_of(upstream.url, http_client_max_body_size=1_000) as client:
        with pytest.raises(errors.UpstreamUnavailable, match=r"^The users service is unavailable\.$"):
            await client.get("/", read=whole)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"status": 500, "text": SECRET}, "returned 500: GET /{id}"),
        ({"status": 302, "headers": {"Location": SECRET}}, "returned 302: GET /{id}"),
        ({"text": SECRET}, "returned an invalid body: json_invalid at '': GET /{id}"),
        ({"text": ""}, "returned an invalid body: json_invalid at '': GET /{id}"),
        ({"text": f'{{"name": ["{SECRET}"]}}'}, "returned an invalid body: string_type at '/name': GET /{id}"),
        ({"text": "[1]"}, "returned an invalid body: model_type at '': GET /{id}"),
        ({"text": "{}", "content_type": "text/html"}, "returned content type 'text/html': GET /{id}"),
        ({"text": "{}", "headers": {"Content-Encoding": "gzip"}}, "returned content encoding 'gzip': GET /{id}"),
        ({"text": " " * 10_001}, "returned more than 10000 bytes: GET /{id}"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
async def test_logs_what_is_invalid_in_a_response_without_its_values(
    upstream: Upstream, answer: dict[str, Any], line: str, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.handler = upstream.sequence(web.Response(**{"content_type": JSON} | answer))
    async with client_of(upstream.url, http_client_max_body_size=10_000) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/{id}", path={"id": SECRET}, query={"q": SECRET}, read=User)
    assert logged(caplog) == [f"upstream users {line}"]


async def test_logs_the_first_validation_errors(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    upstream.handler = upstream.sequence(web.json_response({"name": 1, "friends": ["", 2, 3, 4]}))
    async with client_of(upstream.url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=User)
    where = "string_type at '/name', uuid_parsing at '/friends/0', uuid_type at '/friends/1'"
    assert logged(caplog) == [f"upstream users returned an invalid body: {where}: GET /"]


async def test_limits_the_logged_location_of_an_error(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    upstream.handler = upstream.sequence(web.json_response({"a/~" + "x" * 10_000: "x"}))
    async with client_of(upstream.url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=dict[str, int])
    [message] = logged(caplog)
    assert message.startswith("upstream users returned an invalid body: int_parsing at '/a~1~0xxx")
    assert len(message) < 300


async def test_does_not_log_messages_of_custom_validators(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    upstream.handler = upstream.sequence(web.json_response({"number": 1}))
    async with client_of(upstream.url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=Multiple, context=2)
    assert logged(caplog) == ["upstream users returned an invalid body: value_error at '': GET /"]


async def test_counts_an_invalid_response_as_a_failure(upstream: Upstream) -> None:
    async with client_of(upstream.url, circuit_breaker_failures=1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=User)
        assert client.circuit.is_open


async def test_does_not_count_a_programming_error_as_a_failure(upstream: Upstream) -> None:
    async with client_of(upstream.url, circuit_breaker_failures=1) as client:
        with pytest.raises(KeyError):
            await client.get("/{id}", path={"identifier": 1})
        assert not client.circuit.is_open


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"text": '{"type": "/problems/taken", "x": 1}', "content_type": PROBLEM}, "/problems/taken"),
        ({"text": '{"type": "/problems/taken"}', "content_type": JSON}, None),
        ({"text": '{"title": "no type"}', "content_type": PROBLEM}, None),
        ({"text": '{"type": 1}', "content_type": PROBLEM}, None),
        ({"text": "[", "content_type": PROBLEM}, None),
        ({"text": '["type"]', "content_type": PROBLEM}, None),
        ({"text": " " * 10_001, "content_type": PROBLEM}, None),
        ({"text": '{"type": "' + 9_000 * "x" + '"}', "content_type": PROBLEM}, None),
        ({}, None),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refusal_has_status_and_problem_type(
    upstream: Upstream, answer: dict[str, Any], kind: str | None
) -> None:
    upstream.handler = upstream.sequence(web.Response(status=409, **answer))
    async with client_of(upstream.url, http_client_max_body_size=10_000) as client:
        with pytest.raises(errors.UpstreamRefused) as caught:
            await client.put("/users/{id}", path={"id": SECRET}, read=User)
    assert (caught.value.status, caught.value.problem_type) == (409, kind)
    assert str(caught.value) == f"The users service returned 409{f' {kind}' if kind else ''}: PUT /users/{{id}}"


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_refusals_do_not_open_the_circuit(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(*(web.Response(status=status) for _ in range(10)))
    async with client_of(upstream.url, circuit_breaker_failures=1, http_client_retries=2) as client:
        for _ in range(10):
            with pytest.raises(errors.UpstreamRefused):
                await client.get("/", read=whole)
    assert len(upstream.requests) == 10
    assert len(upstream.connections) == 1


async def test_accepts_a_chunked_response_up_to_the_size_limit(upstream: Upstream) -> None:
    async def in_pieces(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": JSON})
        await response.prepare(request)
        for piece in (b"[1", b",2", b",3]"):
            await response.write(piece)
            await asyncio.sleep(0.02)
        return response

    upstream.handler = in_pieces
    async with client_of(upstream.url, http_client_max_body_size=7) as client:
        assert await client.get("/", read=whole) == [1, 2, 3]
    async with client_of(upstream.url, http_client_max_body_size=6) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)


async def test_does_not_follow_redirects(upstream: Upstream) -> None:
    elsewhere = web.Response(status=302, headers={"Location": "/elsewhere"})
    upstream.handler = upstream.sequence(elsewhere, web.json_response(1))
    async with client_of(upstream.url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("content_type", [JSON, "application/hal+json", "application/json; charset=utf-8"])
async def test_recognises_json_by_its_content_type(upstream: Upstream, content_type: str) -> None:
    upstream.handler = upstream.sequence(web.Response(body=b"[1]", headers={"Content-Type": content_type}))
    async with client_of(upstream.url) as client:
        assert await client.get("/", read=list[int]) == [1]
