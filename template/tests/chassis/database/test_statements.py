"""`execute` gives what SQLAlchemy gives, also for `prepared` statements: the same rows, names, counts and errors."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Column, Executable, Row, insert, text
from sqlalchemy.engine import Result
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from chassis.database import Database, prepared
from chassis.database.errors import driver_error
from chassis.database.results import DIALECT

from ...databases import administrator
from ..database_calls import ask, changed
from ..sample_service.settings import Settings
from . import statements
from .statements import CHANGES, FILL, FOR_EACH_CALL, ITEMS, MADE, NOTES, QUERIES, SEVERAL
from .typed_values import EMPTY, EVERY, FULL, METADATA

Parameters = Any  # of one call: a mapping, a list of mappings, or None
Way = Callable[[Database, Executable, Parameters], Awaitable[Result[Any]]]

TABLES = (EVERY, ITEMS, NOTES, MADE)


async def plain(database: Database, statement: Executable, parameters: Parameters) -> Result[Any]:
    async with database.engine.connect() as connection:
        if isinstance(parameters, list):
            await connection.execution_options(isolation_level="READ COMMITTED")
            async with connection.begin():
                return await connection.execute(statement, parameters)
        return await connection.execute(statement, parameters)


async def executed(database: Database, statement: Executable, parameters: Parameters) -> Result[Any]:
    return await database.execute(statement, parameters)


async def executed_in_transaction(database: Database, statement: Executable, parameters: Parameters) -> Result[Any]:
    async with database.transaction():
        return await database.execute(statement, parameters)


async def prepared_once(database: Database, statement: Executable, parameters: Parameters) -> Result[Any]:
    return await database.execute(prepared(statement), parameters)


async def prepared_in_transaction(database: Database, statement: Executable, parameters: Parameters) -> Result[Any]:
    async with database.transaction():
        return await database.execute(prepared(statement), parameters)


EXECUTED = (executed, executed_in_transaction)
ALL = (*EXECUTED, prepared_once, prepared_in_transaction)


@pytest.fixture(scope="module")
async def one(settings: Settings) -> AsyncIterator[Database]:
    """Yield a database with one connection, and tables with rows."""
    async with changed(settings, database_pool_size=1) as database:
        async with database.transaction() as connection:
            for metadata in (METADATA, statements.Base.metadata):
                await connection.run_sync(metadata.create_all)
            for statement in (*FILL, insert(EVERY).values(FULL), insert(EVERY).values(EMPTY)):
                await connection.execute(statement)
            for table in TABLES:
                await connection.execute(text(f"CREATE TABLE copy_of_{table.name} AS TABLE {table.name}"))
        yield database


@pytest.fixture(scope="module")
async def observer(postgres: dict[str, str], database_name: str) -> AsyncIterator[asyncpg.Connection]:
    async with administrator(postgres, database_name) as connection:
        yield connection


async def fill(connection: asyncpg.Connection) -> None:
    """Restore the tables."""
    for table in TABLES:
        own = ", ".join(DIALECT.identifier_preparer.quote(column.name) for column in table.c if not column.computed)
        copied = "TRUNCATE {0}; INSERT INTO {0} ({1}) SELECT {1} FROM copy_of_{0}"
        await connection.execute(copied.format(table.name, own))
    await connection.execute("ALTER SEQUENCE notes_ids RESTART 10; ALTER SEQUENCE items_id_seq RESTART 10")


async def contents(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    return await connection.fetch(
        "SELECT 1, t::text FROM every t UNION ALL SELECT 2, t::text FROM items t "
        "UNION ALL SELECT 3, t::text FROM notes t UNION ALL SELECT 4, t::text FROM made t ORDER BY 1, 2"
    )


def told(result: Result[Any]) -> object:
    """Return everything that a reader can learn from a result."""
    numbers = (result.rowcount, result.returns_rows)  # type: ignore[attr-defined]
    try:
        rows = result.all()
    except SQLAlchemyError as error:
        return numbers, type(error), str(error)
    columns = [*result.keys(), *TABLES[1].c]
    return numbers, list(result.keys()), rows, [[types(row), *(found(row, each) for each in columns)] for row in rows]


def types(row: Row[Any]) -> object:
    return [type(value) for value in row]


def found(row: Row[Any], column: Column[Any] | str) -> object:
    """Return a value of a row, by column name or by column."""
    try:
        return row._mapping[column]
    except (KeyError, SQLAlchemyError) as error:
        return type(error), str(error)


async def outcome(way: Way, database: Database, statement: Executable, parameters: Parameters) -> object:
    try:
        return told(await way(database, statement, parameters))
    except SQLAlchemyError as error:
        return type(error), str(error), repr(driver_error(error))


def is_the_same_for(cases: list[statements.Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("statement", "parameters"), cases, ids=[str(place) for place in range(len(cases))])


@is_the_same_for(QUERIES)
async def test_queries_return_what_sqlalchemy_returns(
    one: Database, statement: Executable, parameters: Parameters
) -> None:
    expected = await outcome(plain, one, statement, parameters)
    for way in ALL:
        assert await outcome(way, one, statement, parameters) == expected, f"{way.__name__}: {statement}"


@is_the_same_for(CHANGES)
async def test_changes_return_what_sqlalchemy_returns(
    one: Database, observer: asyncpg.Connection, statement: Executable, parameters: Parameters
) -> None:
    await changes_the_same(one, observer, ALL, statement, parameters)


@is_the_same_for([*SEVERAL, *FOR_EACH_CALL])
async def test_statements_that_are_compiled_per_call_return_what_sqlalchemy_returns(
    one: Database, observer: asyncpg.Connection, statement: Executable, parameters: Parameters
) -> None:
    await changes_the_same(one, observer, EXECUTED, statement, parameters)


async def changes_the_same(
    database: Database,
    connection: asyncpg.Connection,
    ways: tuple[Way, ...],
    statement: Executable,
    parameters: Parameters,
) -> None:
    await fill(connection)
    result = await outcome(plain, database, statement, parameters)
    await ask(database)  # plain SQLAlchemy may have left locks: it requests a plan before it checks the parameters
    expected = result, await contents(connection)
    for way in ways:
        await fill(connection)
        result = await outcome(way, database, statement, parameters)
        assert (result, await contents(connection)) == expected, f"{way.__name__}: {statement}"


@is_the_same_for(FOR_EACH_CALL)
def test_refuses_to_prepare_statements_that_are_compiled_per_call(
    statement: Executable, parameters: Parameters
) -> None:
    del parameters
    with pytest.raises(ArgumentError, match=r"^This statement cannot be prepared: .*\.$"):
        prepared(statement)


@is_the_same_for(SEVERAL[:2])
async def test_prepared_statements_take_one_set_of_parameters(
    one: Database, statement: Executable, parameters: Parameters
) -> None:
    with pytest.raises(ArgumentError, match="one set of parameters"):
        await one.execute(prepared(statement.values(id=1, kind="", weight=1)), parameters)  # type: ignore[attr-defined]
