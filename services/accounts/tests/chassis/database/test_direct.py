"""A statement that the driver runs directly gives what SQLAlchemy itself would give; the rest is left to SQLAlchemy."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Executable,
    Integer,
    MetaData,
    Numeric,
    Row,
    String,
    Table,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    select,
    text,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.database.direct import direct_statement

from ..sample_service.settings import Settings


class Colour(Enum):
    RED = "red"


PARCELS = Table(
    "parcels",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("note", String(20)),
    Column("weight", Integer, default=7),
    Column("price", Numeric(10, 2)),
    Column("colour", EnumType(Colour, native_enum=False)),
    Column("sent_at", DateTime(timezone=True)),
)
IDS = [UUID(int=number) for number in (1, 2, 3)]
SENT_AT = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
BY_ID = select(PARCELS.c.id, PARCELS.c.note, PARCELS.c.sent_at).where(PARCELS.c.id == bindparam("wanted"))
ADD = insert(PARCELS).returning(PARCELS.c.id, PARCELS.c.note.label("remark"))


@pytest.fixture(scope="module", autouse=True)
async def parcels(settings: Settings) -> None:
    async with Database(settings) as database, database.transaction() as connection:
        await connection.run_sync(PARCELS.create)
        parcel = {"note": "fragile", "price": Decimal("9.50"), "colour": Colour.RED, "sent_at": SENT_AT}
        await connection.execute(insert(PARCELS), [{"id": parcel_id, **parcel} for parcel_id in IDS])


def is_direct(statement: Executable, *names: str) -> bool:
    return direct_statement(statement, names) is not None


async def by_sqlalchemy(
    connection: AsyncConnection, statement: Executable, parameters: Mapping[str, object]
) -> Sequence[Row[Any]]:
    return (await connection.execute(statement, parameters)).all()


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (BY_ID, {"wanted": IDS[0]}),
        (BY_ID, {"wanted": UUID(int=4)}),
        (select(PARCELS.c.id).where(PARCELS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))), {"ids": [IDS[1]]}),
        (select(PARCELS.c.note, PARCELS.c.note.label("again"), func.count()).group_by(PARCELS.c.note).limit(1), {}),
        (select(PARCELS.c.weight).where(PARCELS.c.note == "fragile").order_by(PARCELS.c.id).limit(2), {}),
        (text("SELECT note, weight FROM parcels WHERE weight > :least ORDER BY id"), {"least": 1}),
    ],
    ids=str,
)
async def test_a_direct_statement_returns_what_sqlalchemy_does(
    database: Database, statement: Executable, parameters: dict[str, object]
) -> None:
    assert is_direct(statement, *parameters)
    async with database.transaction() as connection:
        expected = await by_sqlalchemy(connection, statement, parameters)
    rows = await database.execute(statement, parameters)
    assert rows == expected
    assert [row._asdict() for row in rows] == [row._asdict() for row in expected]


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [
        (select(PARCELS.c.price), {}),
        (select(PARCELS.c.price * 2.0), {}),
        (select(PARCELS.c.colour), {}),
        (select(PARCELS.c.id).where(PARCELS.c.id.in_(bindparam("ids", expanding=True))), {"ids": IDS[:2]}),
        (select(PARCELS.c.id).where(PARCELS.c.id.in_(IDS)), {}),
    ],
    ids=str,
)
async def test_what_needs_python_for_each_call_is_left_to_sqlalchemy(
    database: Database, statement: Executable, parameters: dict[str, object]
) -> None:
    assert not is_direct(statement, *parameters)
    async with database.transaction() as connection:
        expected = await by_sqlalchemy(connection, statement, parameters)
    assert await database.execute(statement, parameters) == expected


async def test_a_default_made_by_python_is_kept(database: Database) -> None:
    parcel_id = uuid4()
    assert not is_direct(ADD, "id", "note")
    await database.execute(ADD, {"id": parcel_id, "note": "light"})
    assert (await database.execute(select(PARCELS.c.weight).where(PARCELS.c.id == parcel_id)))[0].weight == 7
    assert await database.execute(insert(PARCELS), {"id": uuid4()}) == [], "it returns no rows"


async def test_an_insert_names_the_columns_that_it_was_given(database: Database) -> None:
    parcel_id = uuid4()
    row = {"id": parcel_id, "weight": 1}
    assert is_direct(ADD, *row)
    (added,) = await database.execute(ADD, row)
    assert (added.id, added.remark) == (parcel_id, None)
    assert isinstance(added.id, UUID)


async def test_a_missing_parameter_is_named(database: Database) -> None:
    with pytest.raises(InvalidRequestError, match="wanted"):
        await database.execute(BY_ID, {})
