"""Values in database errors never reach the log; everything that helps to find the fault does."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, NoReturn

import asyncpg
import pytest
from sqlalchemy import Date, Enum, bindparam, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.database import Database
from chassis.database.engine import database_url
from chassis.logs.formats import ConsoleFormatter, JsonFormatter
from chassis.logs.redaction import Redactor
from chassis.logs.row_values import described

from ..sample_service import IDENTITY
from ..sample_service.settings import Settings

PLANTED = "planted@example.com"
TABLE = """
CREATE TABLE people (
    email text CONSTRAINT uq_people_email UNIQUE CONSTRAINT ck_people_email CHECK (email <> 'x@planted@example.com'),
    born date, mood smallint NOT NULL DEFAULT 1
)
"""
TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no % here', NEW.email USING HINT = 'ask ' || NEW.email; END $$
"""
INSERT = text("INSERT INTO people (email) VALUES (:email)")
FAILURES: dict[str, tuple[str, dict[str, object], list[str]]] = {
    "unique": (
        "INSERT INTO people (email) VALUES (:email)",
        {"email": PLANTED},
        ["SQLSTATE 23505", "constraint uq_people_email", "schema public", "table people"],
    ),
    "check": (
        "INSERT INTO people (email) VALUES (:email)",
        {"email": f"x@{PLANTED}"},
        ["SQLSTATE 23514", "constraint ck_people_email"],
    ),
    "null": (
        "INSERT INTO people (email, mood) VALUES (:email, NULL)",
        {"email": f"y{PLANTED}"},
        ["SQLSTATE 23502", "column mood"],
    ),
    "invalid value": (
        "SELECT CAST(CAST(:email AS text) AS integer)",
        {"email": PLANTED},
        ["SQLSTATE 22P02", "invalid input syntax for type"],
    ),
    "client": ("SELECT CAST(:email AS date)", {"email": PLANTED}, ["invalid input for query argument $1"]),
    "literal": (f"SELECT CAST('{PLANTED}' AS integer)", {}, ["SQLSTATE 22P02", "SELECT CAST('…' AS integer)"]),
    "trigger": (
        "INSERT INTO refused (email) VALUES (:email)",
        {"email": PLANTED},
        ["SQLSTATE P0001", "INSERT INTO refused (email)"],
    ),
    "missing table": (
        "SELECT * FROM nowhere WHERE email = :email",
        {"email": PLANTED},
        ['relation "nowhere" does not'],
    ),
}


@pytest.fixture(scope="module")
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Yield an engine of the service's own, which hides no parameters."""
    engine = create_async_engine(database_url(settings), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in (
            TABLE,
            TRIGGER,
            "CREATE TABLE refused (email text)",
            "CREATE TRIGGER refuse BEFORE INSERT ON refused FOR EACH ROW EXECUTE FUNCTION refuse()",
        ):
            await connection.execute(text(statement))
        await connection.execute(INSERT, {"email": PLANTED})
    yield engine
    await engine.dispose()


async def failure_of(engine: AsyncEngine, kind: str = "unique") -> Exception:
    statement, parameters, _ = FAILURES[kind]
    async with engine.connect() as connection:
        with pytest.raises(Exception) as failure:  # noqa: PT011 - which, is what the tests are about
            await connection.execute(text(statement), parameters)
    return failure.value


def lines_of(message: object, *arguments: object, **further: Any) -> list[str]:
    """Return a record as logged for machines and for people."""
    record = {"msg": message, "args": arguments, "levelname": "ERROR", "name": "x"} | further
    return [
        formatter.format(logging.makeLogRecord(record))
        for formatter in (JsonFormatter(IDENTITY, Redactor()), ConsoleFormatter(Redactor()))
    ]


def logged(error: BaseException, message: object = "failed", *arguments: object) -> list[str]:
    return lines_of(message, *arguments, exc_info=(type(error), error, error.__traceback__))


def raised(make: Callable[[], NoReturn]) -> BaseException:
    try:
        make()
    except BaseException as error:  # noqa: BLE001
        return error


@pytest.mark.parametrize("kind", FAILURES)
async def test_logs_no_values_of_a_sqlalchemy_error(engine: AsyncEngine, kind: str) -> None:
    error = await failure_of(engine, kind)
    assert PLANTED in str(error)
    for line in logged(error):
        assert PLANTED not in line
        assert "Traceback" in line
        for part in FAILURES[kind][2]:
            assert part in line.replace('\\"', '"')


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("kind", ["unique", "invalid value", "trigger"])
async def test_logs_no_values_of_an_error_of_the_chassis_database(settings: Settings, kind: str) -> None:
    statement, parameters, parts = FAILURES[kind]
    async with Database(settings) as database:
        with pytest.raises(Exception) as failure:  # noqa: PT011
            await database.execute(text(statement), parameters)
    for line in logged(failure.value):
        assert PLANTED not in line
        assert parts[0] in line


@pytest.mark.parametrize("kind", FAILURES)
async def test_logs_no_values_of_a_driver_error(engine: AsyncEngine, kind: str) -> None:
    cause: BaseException | None = await failure_of(engine, kind)
    while cause and not isinstance(cause, asyncpg.PostgresError):
        cause = cause.__cause__
    assert cause
    for line in logged(cause):
        assert PLANTED not in line


async def test_logs_no_values_of_chained_errors(engine: AsyncEngine) -> None:
    error = await failure_of(engine)

    def from_it() -> NoReturn:
        raise RuntimeError(f"cannot save: {error}") from error

    def while_handled() -> NoReturn:
        try:
            raise error
        except IntegrityError:
            raise KeyError("other")  # noqa: B904

    def in_a_group() -> NoReturn:
        raise ExceptionGroup("several", [ValueError("other"), error, ExceptionGroup("inner", [error])])

    for make in (from_it, while_handled, in_a_group):
        for line in logged(raised(make)):
            assert PLANTED not in line
            assert "constraint uq_people_email" in line
            assert make.__name__ in line


async def test_logs_no_values_of_an_error_in_a_message_or_field(engine: AsyncEngine) -> None:
    error = await failure_of(engine)
    lines = [
        *lines_of("cannot save: %s", error),
        *lines_of("cannot save: %r", error),
        *lines_of("cannot save: %(why)s", args={"why": error}),
        *lines_of(error),
        *lines_of("x", why=error, nested={"errors": [error]}),
        *logged(error, f"cannot save: {error}"),
        *lines_of(f"cannot save: {error}"),
        *lines_of(f"cannot save: {error!r}"),
        *lines_of("x", why=str(error)),
        *lines_of("cannot save: %s", error.__cause__),
    ]
    for line in lines:
        assert PLANTED not in line


async def test_logs_no_values_of_parameters_that_were_not_sent(engine: AsyncEngine) -> None:
    statements = [
        select(bindparam("value", type_=Enum("happy", "sad", name="moods"))),
        select(bindparam("value", type_=Date())),
    ]
    async with engine.connect() as connection:
        for statement in statements:
            with pytest.raises(Exception) as failure:  # noqa: PT011
                await connection.execute(statement, {"value": PLANTED})
            for line in logged(failure.value):
                assert PLANTED not in line
                assert "[SQL: SELECT" in line


def test_hides_error_details_with_several_lines() -> None:
    text = "failed\nDETAIL:  Key (bio)=(one\n\ntwo) already exists.\nHINT:  Try another.\n[parameters: ('a\n]', 2)]"
    assert described(text) == "failed\nDETAIL:  [redacted]\nHINT:  Try another.\n[parameters: [redacted]]"


def test_leaves_other_errors_unchanged() -> None:
    def fail() -> NoReturn:
        raise ValueError('invalid: "text"') from KeyError("x")

    for line in logged(raised(fail)):
        assert "KeyError: 'x'" in line
        assert "The above exception was the direct cause of the following exception" in line
        assert "invalid: " in line
