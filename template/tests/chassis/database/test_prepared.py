"""Prepared statements, and the plans and types that a connection caches across a migration."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Column, Integer, MetaData, Select, Table, bindparam, column, insert, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, ObjectNotExecutableError

from chassis.database import Database, prepared
from chassis.errors import DatabaseUnavailable

from ..database_calls import ONE

pytestmark = pytest.mark.usefixtures("things")

THINGS = Table("things", MetaData(), Column("id", Integer, primary_key=True))
ADD = prepared(insert(THINGS))
FIND = prepared(select(THINGS.c.id).where(THINGS.c.id == bindparam("wanted")))
FIND_BY_TEXT = text("SELECT id FROM things WHERE id = :wanted")
EVERYTHING = text("SELECT * FROM shapes")
Statement = Any  # plain or prepared
PREPARED_EVERYTHING = prepared(EVERYTHING)


async def test_prepares_an_insert_with_a_parameter_for_each_column(database: Database) -> None:
    added = await database.execute(ADD, {"id": 1})
    assert (added.rowcount, added.returns_rows) == (1, False)
    assert (await database.execute(FIND, {"wanted": 1})).scalar_one() == 1


async def test_names_an_unknown_parameter(database: Database) -> None:
    with pytest.raises(ArgumentError, match="wnated: no such parameter"):
        await database.execute(FIND, {"wanted": 1, "wnated": 2})


def test_refuses_to_prepare_text() -> None:
    with pytest.raises(ObjectNotExecutableError):
        prepared("SELECT 1")  # type: ignore[call-overload]


async def test_refuses_a_prepared_statement_with_schema_translate_map(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execution_options(schema_translate_map={None: "tenant"})
        with pytest.raises(ArgumentError, match="schema_translate_map"):
            await database.execute(FIND, {"wanted": 1})


async def test_streams_rows_only_in_a_transaction(database: Database) -> None:
    numbers: Select[int] = select(column("n")).select_from(text("generate_series(1, 500) AS n"))
    for streaming in ({"stream_results": True}, {"yield_per": 10}):
        with pytest.raises(InvalidRequestError, match=r"connection\.stream"):
            await database.execute(numbers.execution_options(**streaming))
        with pytest.raises(InvalidRequestError, match=r"connection\.stream"):
            await database.execute(numbers, execution_options=streaming)
    async with database.transaction() as connection:
        assert [row.n async for row in await connection.stream(numbers)] == list(range(1, 501))
    with pytest.raises(InvalidRequestError, match="no execution options"):
        await database.execute(FIND, {"wanted": 1}, execution_options={"stream": 1})  # type: ignore[call-overload]


async def test_translates_schemas(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE SCHEMA tenant; CREATE TABLE tenant.things AS SELECT 77 AS id")
    theirs = {"schema_translate_map": {None: "tenant"}}
    assert (await database.execute(select(THINGS), execution_options=theirs)).scalar_one() == 77
    assert (await database.execute(select(THINGS).execution_options(**theirs))).scalar_one() == 77
    assert 77 not in (await database.execute(select(THINGS))).scalars().all()


@pytest.mark.parametrize("statement", [EVERYTHING, PREPARED_EVERYTHING], ids=["executed", "prepared"])
async def test_uses_new_column_names_after_a_migration(
    narrow: Database, connection: asyncpg.Connection, statement: Statement
) -> None:
    await connection.execute("DROP TABLE IF EXISTS shapes; CREATE TABLE shapes AS SELECT 1 AS a, 2 AS b")
    for change, expected in (
        ("SELECT", {"a": 1, "b": 2}),
        ("ALTER TABLE shapes RENAME a TO c; ALTER TABLE shapes RENAME b TO a", {"c": 1, "a": 2}),
        ("ALTER TABLE shapes ADD d int DEFAULT 4", {"c": 1, "a": 2, "d": 4}),
        ("ALTER TABLE shapes ALTER a TYPE text", {"c": 1, "a": "2", "d": 4}),
    ):
        await connection.execute(change)
        assert dict((await narrow.execute(statement)).mappings().one()) == expected


async def test_all_connections_notice_a_changed_schema(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("DROP TABLE IF EXISTS shapes; CREATE TABLE shapes AS SELECT 1 AS a")
    for statement in (EVERYTHING, PREPARED_EVERYTHING):
        await asyncio.gather(*(database.execute(statement) for _ in range(20)))
        await connection.execute("ALTER TABLE shapes ADD IF NOT EXISTS b int; ALTER TABLE shapes ALTER a TYPE bigint")
        await connection.execute("ALTER TABLE shapes ADD IF NOT EXISTS c int; ALTER TABLE shapes ALTER a TYPE int")
        rows = await asyncio.gather(*(database.execute(statement) for _ in range(20)))
        assert {tuple(row.keys()) for row in rows} == {("a", "b", "c")}


async def test_raises_database_unavailable_if_the_schema_changes_during_a_transaction(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    await connection.execute("DROP TABLE IF EXISTS shapes; CREATE TABLE shapes AS SELECT 1 AS a")
    await narrow.execute(PREPARED_EVERYTHING)
    await connection.execute("ALTER TABLE shapes ADD b int")
    with pytest.raises(DatabaseUnavailable, match="has just changed"):
        async with narrow.transaction():
            await narrow.execute(PREPARED_EVERYTHING)
    async with narrow.transaction():
        assert len((await narrow.execute(PREPARED_EVERYTHING)).one()) == 2


@pytest.mark.parametrize("make", [text, lambda sql: prepared(text(sql))], ids=["executed", "prepared"])
async def test_reads_an_enum_that_a_migration_replaced(
    narrow: Database, connection: asyncpg.Connection, make: Callable[[str], Statement]
) -> None:
    await connection.execute(
        "DROP TABLE IF EXISTS jobs; DROP TYPE IF EXISTS state;"
        "CREATE TYPE state AS ENUM ('new'); CREATE TABLE jobs (state state)"
    )
    put, get = make("INSERT INTO jobs VALUES (CAST(:state AS state))"), make("SELECT state FROM jobs")
    await narrow.execute(put, {"state": "new"})
    assert (await narrow.execute(get)).scalars().all() == ["new"]
    await connection.execute(
        "ALTER TYPE state RENAME TO old; CREATE TYPE state AS ENUM ('new', 'done');"
        "ALTER TABLE jobs ALTER state TYPE state USING state::text::state; DROP TYPE old"
    )
    await narrow.execute(put, {"state": "done"})
    assert (await narrow.execute(get)).scalars().all() == ["new", "done"]


async def test_does_not_take_other_unsupported_features_for_a_changed_schema(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        await database.execute(text("SELECT count(*) FROM things FOR UPDATE"))
    assert caught.value.__notes__ == ["SQLSTATE 0A000, see docs/operations.md#a-bad-deployment"]


@pytest.mark.parametrize("statement", [FIND, FIND_BY_TEXT], ids=["prepared", "text"])
async def test_holds_no_lock_after_a_value_that_cannot_be_encoded(
    narrow: Database, connection: asyncpg.Connection, statement: Statement
) -> None:
    with pytest.raises(DBAPIError, match="out of int32 range"):
        await narrow.execute(statement, {"wanted": 2**40})
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        await connection.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE")


async def test_stores_all_parameter_sets_or_none(database: Database, connection: asyncpg.Connection) -> None:
    """SQLAlchemy sends them in batches, which the server would commit one by one."""
    rows = [{"id": number} for number in (*range(1000, 3000), 2999)]
    with pytest.raises(DBAPIError):
        await database.execute(insert(THINGS).returning(THINGS.c.id), rows)
    assert await connection.fetchval("SELECT count(*) FROM things WHERE id >= 1000") == 0
    added = await database.execute(insert(THINGS).returning(THINGS.c.id), rows[:-1])
    assert len(added.all()) == 2000


async def test_a_result_can_be_read_while_its_connection_is_used_again(narrow: Database) -> None:
    result = await narrow.execute(text("SELECT generate_series(1, 500)"))
    await narrow.execute(ONE)
    async with narrow.transaction():
        assert len(result.scalars().all()) == 500
