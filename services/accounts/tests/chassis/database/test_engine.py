"""How the engine connects: address, user, password and a limit for everything."""

import asyncio
import socket

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from chassis.database import Database, engine
from chassis.database.engine import database_url

from ..database_calls import changed
from ..sample_service import IDENTITY
from ..sample_service.settings import Settings

SETTING = text("SELECT current_setting(:name)")


async def test_sets_timeouts_and_application_name_for_each_session(database: Database) -> None:
    names = ("statement_timeout", "lock_timeout", "TimeZone", "application_name")
    values = [(await database.execute(SETTING, {"name": name})).scalar_one() for name in names]
    assert values == ["2s", "1s", "UTC", IDENTITY.name]


async def test_migration_session_has_its_own_name_and_only_a_connect_timeout(settings: Settings) -> None:
    patient = engine.create_patient_engine(settings)
    async with patient.connect() as migrating:
        names = ("application_name", "TimeZone", "statement_timeout", "lock_timeout")
        values = [await migrating.scalar(SETTING, {"name": name}) for name in names]
    await patient.dispose()
    assert values == [f"{IDENTITY.name}-migrate", "UTC", "0", "0"]

    changes = {"postgres_host": "127.0.0.1", "database_connect_timeout": 0.1}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = {"postgres_port": silent.getsockname()[1]}
        patient = engine.create_patient_engine(settings.model_copy(update=changes | port))
        async with asyncio.timeout(20):
            with pytest.raises(TimeoutError):
                await patient.connect()


async def test_rounds_a_tiny_timeout_up_to_one_millisecond(settings: Settings) -> None:
    async with changed(settings, database_lock_timeout=0.000_1) as database:
        assert (await database.execute(SETTING, {"name": "lock_timeout"})).scalar_one() == "1ms"


def test_connects_to_a_host_or_a_unix_socket_folder(settings: Settings) -> None:
    at_host = database_url(settings.model_copy(update={"postgres_host": "db", "postgres_port": 5433}))
    assert (at_host.host, at_host.port, at_host.query) == ("db", 5433, {})
    at_socket = database_url(settings.model_copy(update={"postgres_host": "/run/pg", "postgres_port": 5433}))
    assert (at_socket.host, at_socket.port, at_socket.query) == (None, None, {"host": "/run/pg", "port": "5433"})


def test_sends_a_password_only_if_one_is_set(settings: Settings) -> None:
    for password, sent in (("of-the-role", "of-the-role"), ("", None)):
        assert database_url(settings.model_copy(update={"postgres_password": SecretStr(password)})).password == sent
