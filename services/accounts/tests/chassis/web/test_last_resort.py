"""An unexpected exception is answered once, logged once, and leaves the service working."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from chassis.web.last_resort import LastResortMiddleware

from ..log_reader import log_text, read_log

SCOPE: dict[str, Any] = {"type": "http", "path": "/"}


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def test_logs_an_unexpected_error_once_with_its_request_id(
    sample: aiohttp.ClientSession, sample_log: Path
) -> None:
    async with sample.get("/sample/boom") as response:
        problem = await response.json(content_type="application/problem+json")
    assert problem["detail"] == "The service failed. Its log has the reason under the request_id."
    [line] = [line for line in read_log(sample_log) if "exception.type" in line]
    assert line["request_id"] == problem["request_id"]
    assert line["logger"] == "chassis.web.last_resort"
    assert line["message"] == "unhandled exception"
    assert line["exception.type"] == "RuntimeError"
    assert "in boom" in line["exception.stacktrace"]
    assert "planted" not in log_text(sample_log)


async def test_keeps_the_connection_open_after_an_unexpected_error(sample: aiohttp.ClientSession) -> None:
    for path in ("/sample/boom", "/sample/items", "/sample/boom"):
        async with sample.get(path) as response:
            assert response.headers.get("Connection") is None


async def test_responds_503_if_the_request_is_cancelled() -> None:
    sent: list[Message] = []

    async def forever(_: Scope, __: Receive, ___: Send) -> None:
        await asyncio.sleep(60)

    async def send(message: Message) -> None:
        sent.append(message)

    task = asyncio.create_task(LastResortMiddleware(forever)(SCOPE, nothing, send))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent[0]["status"] == 503
    assert b"/problems/shutting-down" in sent[1]["body"]
    assert b'"request_id":""' in sent[1]["body"], "no middleware assigned a request id"
    assert b'"The service is shutting down and could not finish this request in time."' in sent[1]["body"]


async def test_responds_503_through_middleware_of_a_service() -> None:
    sent: list[Message] = []

    async def forever(_: Scope, __: Receive, ___: Send) -> None:
        await asyncio.sleep(60)

    async def send(message: Message) -> None:
        sent.append(message)

    async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    inside = BaseHTTPMiddleware(forever, dispatch=pass_on)
    task = asyncio.create_task(LastResortMiddleware(inside)(SCOPE | {"headers": []}, nothing, send))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent[0]["status"] == 503


async def test_responds_500_if_a_task_of_the_service_was_cancelled(
    sample: aiohttp.ClientSession, sample_log: Path
) -> None:
    for _ in range(2):
        async with sample.get("/sample/cancelled") as response:
            assert response.status == 500
            problem = await response.json(content_type="application/problem+json")
        assert problem["type"] == "/problems/internal-error"
    lines = [line for line in read_log(sample_log) if "exception.type" in line]
    assert [line["exception.type"] for line in lines] == ["asyncio.exceptions.CancelledError"] * 2
    assert "in cancelled" in lines[0]["exception.stacktrace"]


@pytest.mark.parametrize("key", [Exception, 500])
async def test_uses_the_exception_handler_of_the_application(key: type[Exception] | int) -> None:
    sent: list[Message] = []

    async def own(_: Request, error: Exception) -> Response:
        return PlainTextResponse(str(error), 500)

    async def fail(_: Scope, __: Receive, ___: Send) -> None:
        raise RuntimeError("answered by the application")

    async def send(message: Message) -> None:
        sent.append(message)

    app = FastAPI(exception_handlers={key: own})
    await LastResortMiddleware(fail)(SCOPE | {"app": app, "headers": []}, nothing, send)
    assert [message.get("body") for message in sent] == [None, b"answered by the application"]


@pytest.mark.parametrize("error", [RuntimeError, asyncio.CancelledError])
async def test_aborts_a_response_that_has_started(error: type[BaseException]) -> None:
    start = {"type": "http.response.start", "status": 200, "headers": []}
    sent: list[Message] = []

    async def begin(_: Scope, __: Receive, send: Send) -> None:
        await send(start)
        raise error

    async def send(message: Message) -> None:
        sent.append(message)

    with contextlib.suppress(asyncio.CancelledError):
        await LastResortMiddleware(begin)(SCOPE, nothing, send)
    assert sent == [start]


async def test_logs_no_error_if_the_client_disconnected(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def left(_: Scope, __: Receive, ___: Send) -> None:
        raise ClientDisconnect

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await LastResortMiddleware(left)(SCOPE, nothing, send)
    [record] = [record for record in caplog.records if record.name.endswith(".web.last_resort")]
    assert (record.levelno, record.getMessage()) == (logging.DEBUG, "the client left while its request was being read")
