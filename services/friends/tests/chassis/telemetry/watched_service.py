"""A service with telemetry; `python watched_service.py` runs it as `serve` does."""

import asyncio
import os
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI
from opentelemetry import trace
from sqlalchemy import Column, Integer, MetaData, Table, Text, bindparam, insert, select, text, union_all, update
from starlette.responses import StreamingResponse

from chassis.application import build_application
from chassis.database import Database, prepared
from chassis.identity import Identity
from chassis.logs import configure_default_logging, configure_logging
from chassis.measurements import Measurement
from chassis.process import load_settings
from chassis.process.server import serve
from chassis.request_context import RequestContext, current_request
from chassis.settings import ChassisSettings
from chassis.upstream import UpstreamClient
from chassis.web import api_router

IDENTITY = Identity(name="watched", title="Watched", description="", default_port=8080, version="1.2.3")
TOYS = Table("toys", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text))
NAME_OF = prepared(select(TOYS.c.name).where(TOYS.c.id == bindparam("toy_id")))
ADD = prepared(insert(TOYS))
BOTH = union_all(select(TOYS.c.id).where(TOYS.c.id == 1), select(TOYS.c.id).where(TOYS.c.id == 2))


class Settings(ChassisSettings):
    """The chassis settings without additions."""

    identity = IDENTITY
    development_file = None


class Shelf:
    """A resource with a custom metric."""

    def measurements(self) -> list[Measurement]:
        return [
            Measurement(
                name="sample.shelf.toys", unit="{toy}", description="Toys on the shelf.", read=lambda: [(3, {})]
            )
        ]


def create_app() -> FastAPI:
    settings = Settings()
    database = Database(settings)
    asked = UpstreamClient("toys", os.environ.get("UPSTREAM_URL", "http://127.0.0.1:9"), settings)
    router = api_router(prefix="/api/v1/toys", tag="toys", description="What is watched.")
    add_visits(router, database)
    add_calls(router, asked)
    add_answers(router)
    return build_application(settings, database=database, routers=[router], problems=[], resources=[asked, Shelf()])


def add_visits(router: APIRouter, database: Database) -> None:
    @router.get("/statements/{toy_id}")
    async def run_statements(toy_id: int) -> str:
        await database.execute(text("CREATE TABLE IF NOT EXISTS toys (id int PRIMARY KEY, name text)"))
        async with database.transaction():
            await database.execute(ADD, {"id": toy_id, "name": "planted-value"})
            await database.execute(update(TOYS).where(TOYS.c.id == toy_id).values(name="another-planted-value"))
        await database.execute(BOTH)
        return str((await database.execute(NAME_OF, {"toy_id": toy_id})).scalar_one())

    @router.get("/occupied")
    async def occupy() -> StreamingResponse:
        async def hold() -> AsyncIterator[bytes]:
            async with database.transaction():
                yield b"held"
                await asyncio.sleep(3_600)

        return StreamingResponse(hold())

    @router.get("/broken")
    async def break_a_statement() -> None:
        await database.execute(text("SELECT 'planted-value' FROM no_such_table"))


def add_calls(router: APIRouter, asked: UpstreamClient) -> None:
    @router.get("/asked/{name}")
    async def ask(name: str) -> str:
        return await asked.get("/api/v1/toys/hello/{name}", path={"name": name}, query={"q": "planted-query"}, read=str)

    @router.get("/in-vain")
    async def ask_in_vain() -> None:
        await asked.get("/api/v1/nowhere")


def add_answers(router: APIRouter) -> None:
    first: list[RequestContext] = []
    both = asyncio.Event()

    @router.get("/hello/{name}")
    async def hello(name: str) -> str:
        with trace.get_tracer("toys").start_as_current_span("own span"):
            return f"Hello, {name}"

    @router.get("/boom")
    async def boom() -> None:
        raise RuntimeError("planted-error")

    @router.get("/broken-off")
    async def break_off() -> StreamingResponse:
        async def begin() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError("planted-error")

        return StreamingResponse(begin())

    @router.get("/together")
    async def be_together() -> str:
        context = current_request()
        assert context
        if first:
            context.link_to(first[0])
            both.set()
        else:
            first.append(context)
            await both.wait()
        return context.span_id


if __name__ == "__main__":
    configure_default_logging(IDENTITY)
    started = load_settings(Settings)
    configure_logging(started)
    serve("watched_service:create_app", started)
