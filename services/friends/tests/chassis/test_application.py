"""The parts of a service are opened when it starts and closed when it stops, whatever surrounds them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from friends_service.chassis.application import build_application
from friends_service.chassis.database import Database
from friends_service.chassis.settings import ChassisSettings

from .conftest import Boot


@asynccontextmanager
async def resource(name: str, events: list[str]) -> AsyncIterator[None]:
    events.append(f"{name} opened")
    yield
    events.append(f"{name} closed")


async def test_resources_are_open_from_start_to_stop(sample_settings: ChassisSettings, boot: Boot) -> None:
    events: list[str] = []
    app = build_application(
        sample_settings,
        version="1.0.0",
        database=Database(sample_settings),
        routers=[],
        problems={},
        resources=[resource("first", events), resource("second", events)],
        state={"of_the_service": events},
    )
    async with boot(app):
        assert events == ["first opened", "second opened"]
        assert app.state.of_the_service is events
    assert events[2:] == ["second closed", "first closed"]
