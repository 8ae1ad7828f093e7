"""The parts of a service are opened when it starts and closed when it stops, whatever surrounds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.application import build_application
from chassis.database import Database

from .conftest import Boot
from .sample_service.settings import Settings


@asynccontextmanager
async def resource(name: str, events: list[str]) -> AsyncIterator[None]:
    events.append(f"{name} opened")
    yield
    events.append(f"{name} closed")


async def test_resources_are_open_from_start_to_stop(sample_settings: Settings, boot: Boot) -> None:
    events: list[str] = []
    app = build_application(
        sample_settings,
        database=Database(sample_settings),
        routers=[],
        problems=[],
        resources=[resource("first", events), resource("second", events)],
    )
    async with boot(app):
        assert events == ["first opened", "second opened"]
    assert events[2:] == ["second closed", "first closed"]
