"""Each request has a request id and a trace context, from the caller or newly generated."""

import re
from contextvars import Context
from uuid import UUID

import aiohttp
import pytest

from chassis.request_context import (
    continue_request,
    current_request,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize("request_id", ["a", "A-b_c.9", "x" * 128])
async def test_returns_the_request_id_of_the_caller(sample: aiohttp.ClientSession, request_id: str) -> None:
    async with sample.get("/sample/items", headers={"X-Request-ID": request_id}) as response:
        assert response.headers.getall("X-Request-ID") == [request_id]


@pytest.mark.parametrize("request_id", ["", "x" * 129, "a b", "a\tb", "é", '"', "a,b", "{}"])
async def test_replaces_a_malformed_request_id(sample: aiohttp.ClientSession, request_id: str) -> None:
    async with sample.get("/sample/items", headers={"X-Request-ID": request_id}) as response:
        assert UUID(response.headers["X-Request-ID"]).version == 7


def test_replaces_a_request_id_that_was_sent_twice() -> None:
    assert UUID(continue_request([(b"x-request-id", b"a"), (b"x-request-id", b"b")]).request_id).version == 7


@pytest.mark.parametrize("path", ["/nowhere", "/sample/boom", "/sample/forbidden", "/health/live", "/api/docs"])
async def test_every_response_has_a_request_id(sample: aiohttp.ClientSession, path: str) -> None:
    async with sample.get(path) as response:
        assert UUID(response.headers["X-Request-ID"]).version == 7


@pytest.mark.parametrize(
    ("traceparent", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", "01"),
        (f"00-{TRACE}-{SPAN}-00", "00"),
        (f"00-{TRACE}-{SPAN}-ff", "03"),
        (f"01-{TRACE}-{SPAN}-01", "01"),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", "01"),
    ],
)
def test_continues_the_trace_of_the_caller(traceparent: str, flags: str) -> None:
    context = continue_request([(b"traceparent", traceparent.encode())])
    assert context.traceparent == f"00-{TRACE}-{context.span_id}-{flags}"
    assert context.span_id != SPAN


@pytest.mark.parametrize(
    "traceparent",
    [
        "", "00", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE}-{SPAN}-1", f"0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01x",
    ],
)  # fmt: skip
def test_starts_a_trace_if_traceparent_is_missing_or_invalid(traceparent: str) -> None:
    context = continue_request([(b"traceparent", traceparent.encode())])
    assert context.trace_id != TRACE
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", context.traceparent)


def test_generates_ids_for_each_request() -> None:
    requests = [continue_request([]) for _ in range(3)]
    assert len({request.request_id for request in requests}) == 3
    assert len({request.trace_id for request in requests} | {request.span_id for request in requests}) == 6


def test_propagates_request_id_and_trace() -> None:
    context = continue_request([(b"x-request-id", b"mine"), (b"traceparent", f"00-{TRACE}-{SPAN}-01".encode())])
    assert context.headers == {"X-Request-ID": "mine", "traceparent": f"00-{TRACE}-{context.span_id}-01"}


def test_is_none_outside_of_a_request() -> None:
    """That is not an error: startup logs have no request."""
    assert Context().run(current_request) is None
