"""What is particular to prepared statements, and to plans and types that a connection remembers over a migration."""

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
Statement = Any  # a plain one, or a prepared one
PREPARED_EVERYTHING = prepared(EVERYTHING)


async def test_an_insert_has_a_parameter_for_each_column_and_no_rows(database: Database) -> None:
    added = await database.execute(ADD, {"id": 1})
    assert (added.rowcount, added.returns_rows) == (1, False)
    assert (await database.execute(FIND, {"wanted": 1})).scalar_one() == 1


async def test_a_parameter_that_the_statement_does_not_have_is_named(database: Database) -> None:
    with pytest.raises(ArgumentError, match="wnated: no such parameter"):
        await database.execute(FIND, {"wanted": 1, "wnated": 2})


def test_only_a_statement_is_prepared() -> None:
    with pytest.raises(ObjectNotExecutableError):
        prepared("SELECT 1")  # type: ignore[call-overload]


async def test_another_schema_is_not_forgotten(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execution_options(schema_translate_map={None: "tenant"})
        with pytest.raises(ArgumentError, match="schema_translate_map"):
            await database.execute(FIND, {"wanted": 1})


async def test_rows_are_fetched_at_once_or_streamed_in_a_transaction(database: Database) -> None:
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


async def test_schemas_are_translated(database: Database, connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE SCHEMA tenant; CREATE TABLE tenant.things AS SELECT 77 AS id")
    theirs = {"schema_translate_map": {None: "tenant"}}
    assert (await database.execute(select(THINGS), execution_options=theirs)).scalar_one() == 77
    assert (await database.execute(select(THINGS).execution_options(**theirs))).scalar_one() == 77
    assert 77 not in (await database.execute(select(THINGS))).scalars().all()


@pytest.mark.parametrize("statement", [EVERYTHING, PREPARED_EVERYTHING], ids=["executed", "prepared"])
async def test_columns_that_a_migration_renames_and_adds_have_their_new_names(
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


async def test_all_connections_learn_what_a_migration_has_changed(
    database: Database, connection: asyncpg.Connection
) -> None:
    await connection.execute("DROP TABLE IF EXISTS shapes; CREATE TABLE shapes AS SELECT 1 AS a")
    for statement in (EVERYTHING, PREPARED_EVERYTHING):
        await asyncio.gather(*(database.execute(statement) for _ in range(20)))
        await connection.execute("ALTER TABLE shapes ADD IF NOT EXISTS b int; ALTER TABLE shapes ALTER a TYPE bigint")
        await connection.execute("ALTER TABLE shapes ADD IF NOT EXISTS c int; ALTER TABLE shapes ALTER a TYPE int")
        rows = await asyncio.gather(*(database.execute(statement) for _ in range(20)))
        assert {tuple(row.keys()) for row in rows} == {("a", "b", "c")}


async def test_a_schema_that_changes_inside_a_transaction_is_tried_again_by_the_client(
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
async def test_an_enum_that_a_migration_replaces_is_learnt(
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


async def test_another_thing_that_postgresql_does_not_support_is_a_bug(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        await database.execute(text("SELECT count(*) FROM things FOR UPDATE"))
    assert caught.value.__notes__ == ["SQLSTATE 0A000, see docs/operations.md#a-bad-deployment"]


@pytest.mark.parametrize("statement", [FIND, FIND_BY_TEXT], ids=["prepared", "text"])
async def test_a_value_that_cannot_be_sent_leaves_no_lock(
    narrow: Database, connection: asyncpg.Connection, statement: Statement
) -> None:
    with pytest.raises(DBAPIError, match="out of int32 range"):
        await narrow.execute(statement, {"wanted": 2**40})
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '5s'")
        await connection.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE")


async def test_of_several_sets_of_parameters_all_are_stored_or_none(
    database: Database, connection: asyncpg.Connection
) -> None:
    """SQLAlchemy sends them in batches, which the server would commit one by one."""
    rows = [{"id": number} for number in (*range(1000, 3000), 2999)]
    with pytest.raises(DBAPIError):
        await database.execute(insert(THINGS).returning(THINGS.c.id), rows)
    assert await connection.fetchval("SELECT count(*) FROM things WHERE id >= 1000") == 0
    added = await database.execute(insert(THINGS).returning(THINGS.c.id), rows[:-1])
    assert len(added.all()) == 2000


async def test_a_result_can_be_read_when_its_connection_does_something_else(narrow: Database) -> None:
    result = await narrow.execute(text("SELECT generate_series(1, 500)"))
    await narrow.execute(ONE)
    async with narrow.transaction():
        assert len(result.scalars().all()) == 500
