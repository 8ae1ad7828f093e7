"""An ORM session joins the open transaction or has its own."""

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.database import Database

from ..database_calls import add

pytestmark = pytest.mark.usefixtures("things")


class Base(DeclarativeBase):
    """A declarative base apart from the models that migrations are compared with."""


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)


async def stored(connection: asyncpg.Connection, ten: int) -> list[int]:
    return [row["id"] for row in await connection.fetch("SELECT id FROM things WHERE id / 10 = $1 ORDER BY id", ten)]


async def add_and_fail(database: Database, thing: int) -> None:
    async with database.session() as session:
        session.add(Thing(id=thing))
        raise FileNotFoundError


async def test_commits_changes_at_the_end(database: Database, connection: asyncpg.Connection) -> None:
    async with database.session() as session:
        session.add(Thing(id=900))
    async with database.session() as session:
        thing = await session.get_one(Thing, 900)
        thing.id = 901
    assert thing.id == 901  # also after the session is closed
    assert await stored(connection, 90) == [901]
    with pytest.raises(FileNotFoundError):
        await add_and_fail(database, 902)
    assert await stored(connection, 90) == [901]


async def test_joins_an_open_transaction(database: Database, connection: asyncpg.Connection) -> None:
    async def add_two_and_fail() -> None:
        async with database.transaction():
            async with database.session() as session:
                session.add(Thing(id=910))
            await add(database, 911)
            async with database.session() as session:
                found = await session.scalars(select(Thing.id).where(Thing.id.in_((910, 911))).order_by(Thing.id))
                assert found.all() == [910, 911]
            raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        await add_two_and_fail()
    assert await stored(connection, 91) == []


async def test_rolls_back_only_the_session_inside_of_a_transaction(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with database.transaction():
        async with database.session() as session:
            session.add(Thing(id=920))
        with pytest.raises(FileNotFoundError):
            await add_and_fail(database, 921)
        with pytest.raises(IntegrityError):
            await add_and_flush(database, 920)
    assert await stored(connection, 92) == [920]


async def add_and_flush(database: Database, thing: int) -> None:
    async with database.session() as session:
        session.add(Thing(id=thing))
