"""What is no valid HTTP never becomes a request, and is answered all the same."""

import json
import logging
from uuid import UUID

import pytest

from ..raw_http import answer_to


@pytest.mark.parametrize(
    "request_line",
    [b"FOO / HTTP/1.1", b"GET /" + b"x" * 100_000 + b" HTTP/1.1", b"nonsense", b"GET / HTTP/9.9"],
    ids=["unknown method", "too long", "nonsense", "unknown version"],
)
async def test_refuses_what_is_not_http_with_a_problem(
    base_url: str, request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = await answer_to(base_url, request_line + b"\r\nHost: x\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    problem = json.loads(body)
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["content-length"] == str(len(body))
    assert (problem["type"], problem["status"]) == ("/problems/bad-request", 400)
    assert problem["instance"] == "", "it has no path"
    assert problem["detail"] == "This is not a valid HTTP/1.1 request."
    assert UUID(problem["request_id"]).version == 7
    [record] = [record for record in caplog.records if record.name == "chassis.web.http_protocol"]
    assert record.getMessage() == "refused what is not valid HTTP"
    assert vars(record)["client.address"] == "127.0.0.1"
