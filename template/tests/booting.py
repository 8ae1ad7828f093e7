"""Serve an application within the test process, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from chassis.web.connections import Limits
from chassis.web.http_protocol import HttpProtocol


@asynccontextmanager
async def booted(app: FastAPI, limits: Limits = Limits()) -> AsyncIterator[str]:  # noqa: B008 - frozen
    """Serve the application over HTTP with its lifespan running; yield its base URL."""
    protocol: Any = partial(HttpProtocol, limits=limits)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, port=0, log_config=None, access_log=False, ws="none"))
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if serving.done():
            serving.result()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
