"""An upstream service whose responses a test sets, and a client of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter

from chassis.upstream.client import UpstreamClient

from ..sample_service.settings import Settings

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Upstream:
    """A server whose responses a test sets."""

    def __init__(self) -> None:
        self.handler: Handler = self.fine
        self.requests: list[web.BaseRequest] = []
        self.connections: set[object] = set()
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        if request.transport:  # set while it is connected
            self.connections.add(request.transport.get_extra_info("peername"))
        return await self.handler(request)

    async def fine(self, _request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"fine": True})

    async def silence(self, _request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    def sequence(self, *answers: web.Response) -> Handler:
        remaining = iter(answers)

        async def answer(_request: web.BaseRequest) -> web.StreamResponse:
            return next(remaining)

        return answer


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages of the client's log."""
    return [record.getMessage() for record in caplog.records if record.name.endswith(".upstream.client")]


whole: TypeAdapter[object] = TypeAdapter(object)


@asynccontextmanager
async def raw_upstream(behave: Behaviour, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Yield the URL of a server that handles each connection by hand, in ways that no HTTP library would."""
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await behave(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, host, port)
    try:
        yield "http://{}:{}".format(*server.sockets[0].getsockname())
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


@asynccontextmanager
async def client_of(url: str, **changes: Any) -> AsyncIterator[UpstreamClient]:
    """Return a client with timeouts for a busy machine, unless the test sets its own."""
    settings = Settings(
        http_client_retries=0, http_client_connect_timeout=20, http_client_total_timeout=20, http_client_wait=20
    )
    async with UpstreamClient("users", url, settings.model_copy(update=changes)) as client:
        yield client
