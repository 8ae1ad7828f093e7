"""Liveness is about the process alone; readiness also covers its database, and says why the service is not ready."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, migrations
from chassis.database.migrations import UnusableMigrations
from chassis.process.health import Health

from ..conftest import Boot
from ..database_calls import changed
from ..sample_service.main import create_app
from ..sample_service.settings import Settings


@pytest.fixture
async def health(database: Database) -> Health:
    return Health(database)


async def reason_with(settings: Settings, **changes: Any) -> str | None:
    async with changed(settings, **changes) as database:
        return await Health(database).reason_not_ready()


async def test_is_ready_with_a_migrated_database(health: Health) -> None:
    assert await health.reason_not_ready() is None


async def test_is_not_ready_while_draining(health: Health) -> None:
    health.draining = True
    assert await health.reason_not_ready() == "draining"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"postgres_host": "/nowhere"}, "database-unavailable"),
        ({"postgres_db": "does_not_exist"}, "database-login-refused"),
        ({"postgres_user": "does_not_exist"}, "database-login-refused"),
    ],
    ids=str,
)
async def test_says_why_it_is_not_ready(settings: Settings, changes: dict[str, Any], reason: str) -> None:
    assert await reason_with(settings, **changes) == reason


async def test_is_not_ready_if_its_role_may_not_connect(
    settings: Settings, empty_connection: asyncpg.Connection
) -> None:
    name = await empty_connection.fetchval("SELECT current_database()")
    await empty_connection.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    await empty_connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'of-the-role'")
    try:
        role = {"postgres_user": name, "postgres_password": SecretStr("of-the-role")}
        assert await reason_with(settings, postgres_db=name, **role) == "database-login-refused"
    finally:
        await empty_connection.execute(f"DROP ROLE {name}")


async def test_is_not_ready_without_its_tables(settings: Settings, empty_database: str) -> None:
    assert await reason_with(settings, postgres_db=empty_database) == "database-not-migrated"


async def test_is_not_ready_without_an_applied_revision(
    settings: Settings, empty_connection: asyncpg.Connection
) -> None:
    await empty_connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
    name = await empty_connection.fetchval("SELECT current_database()")
    assert await reason_with(settings, postgres_db=name) == "database-not-migrated"


async def test_is_not_ready_with_two_heads_and_logs_it(
    health: Health, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def diverged() -> None:
        raise UnusableMigrations("There are 2 newest migrations.")

    monkeypatch.setattr(migrations, "known_revisions", diverged)
    assert await health.reason_not_ready() == "database-not-migrated"
    assert caplog.messages == ["not ready: database-not-migrated: There are 2 newest migrations."]


async def test_is_ready_with_a_schema_of_a_newer_release(
    settings: Settings, empty_connection: asyncpg.Connection
) -> None:
    await empty_connection.execute("CREATE TABLE alembic_version AS SELECT 'ffffffffffff' AS version_num")
    assert await reason_with(settings, postgres_db=await empty_connection.fetchval("SELECT current_database()")) is None


async def test_concurrent_readiness_checks_share_one_query(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    spare = database.spare

    def counted() -> AbstractAsyncContextManager[AsyncConnection]:
        nonlocal asked
        asked += 1
        return spare()

    monkeypatch.setattr(database, "spare", counted)
    health = Health(database)
    assert set(await asyncio.gather(*(health.reason_not_ready() for _ in range(50)))) == {None}
    assert asked == 1
    await health.reason_not_ready()
    assert asked == 2


async def test_cancelled_readiness_check_does_not_cancel_the_others(health: Health) -> None:
    impatient = asyncio.create_task(health.reason_not_ready())
    patient = asyncio.create_task(health.reason_not_ready())
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is None


async def test_logs_a_change_of_readiness_once(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with changed(settings, postgres_host="/nowhere") as database:
        health = Health(database)
        for _ in range(3):
            await health.reason_not_ready()
    messages = [record.getMessage() for record in caplog.records if record.name.endswith(".health")]
    assert len(messages) == 1
    assert re.fullmatch("not ready: database-unavailable: .*No such file or directory.*", messages[0])


async def test_logs_the_first_readiness_and_each_change(
    settings: Settings, empty_connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await empty_connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
    name = await empty_connection.fetchval("SELECT current_database()")
    async with changed(settings, postgres_db=name) as database:
        await Health(database).reason_not_ready()
        await empty_connection.execute("INSERT INTO alembic_version VALUES ('ffffffffffff')")
        health = Health(database)
        for statement in ("SELECT 1", "DELETE FROM alembic_version"):
            await empty_connection.execute(statement)
            for _ in range(2):
                await health.reason_not_ready()
    messages = [record.getMessage() for record in caplog.records if record.name.endswith(".health")]
    assert messages == ["not ready: database-not-migrated", "ready", "not ready: database-not-migrated"]


async def test_documents_health_checks_under_their_own_tag(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert [paths[path]["get"]["tags"] for path in ("/health/live", "/health/ready")] == [["health"], ["health"]]


async def test_responds_to_health_checks(client: aiohttp.ClientSession) -> None:
    async with client.get("/health/live") as response:
        assert (response.status, await response.json()) == (200, {"status": "live"})
    async with client.get("/health/ready") as response:
        assert (response.status, await response.json()) == (200, {"status": "ready"})


@pytest.fixture
async def unready(settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    app = create_app(settings.model_copy(update={"postgres_host": "/nowhere"}))
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        yield client


async def test_is_live_but_not_ready_without_its_database(unready: aiohttp.ClientSession) -> None:
    async with unready.get("/health/live") as response:
        assert response.status == 200
    async with unready.get("/health/ready") as response:
        assert response.status == 503
        assert response.content_type == "application/problem+json"
        problem = await response.json()
        assert (problem["type"], problem["reason"]) == ("/problems/not-ready", "database-unavailable")
        assert problem["detail"] == "Do not send requests here for now."
