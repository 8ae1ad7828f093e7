"""Record database calls in traces."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from functools import wraps
from typing import Any, Final, TypeVar, cast

from opentelemetry.trace import Span, SpanKind
from sqlalchemy import Executable
from sqlalchemy.engine import Result
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.settings import ChassisSettings
from chassis.spans import NOTHING, child_span, is_recording, type_name

from .errors import sqlstate
from .operations import Attributes, operation_of
from .prepared import Prepared

Execute = TypeVar("Execute", bound=Callable[..., Awaitable[Result[*tuple[Any, ...]]]])


class Visits:
    """Records the calls to one database."""

    def __init__(self, settings: ChassisSettings) -> None:
        self._place: Final[Attributes] = {
            "db.system.name": "postgresql",
            "db.namespace": settings.postgres_db,
            "server.address": settings.postgres_host,
            "server.port": settings.postgres_port,
        }

    def recorded(self, execute: Execute) -> Execute:
        """Return the function that runs a statement, wrapped to record each call."""

        @wraps(execute)
        async def execute_and_record(
            statement: Executable | Prepared[*tuple[Any, ...]], *rest: Any, **more: Any
        ) -> Result[*tuple[Any, ...]]:
            with self._span_of(statement):
                return await execute(statement, *rest, **more)

        return cast(Execute, execute_and_record)

    def _span_of(self, statement: Executable | Prepared[*tuple[Any, ...]]) -> AbstractContextManager[Span]:
        if not is_recording():
            return NOTHING
        operation = statement.operation if isinstance(statement, Prepared) else operation_of(statement)
        target = operation.get("db.collection.name", self._place["db.namespace"])
        name = f"{operation.get('db.operation.name', '')} {target}".lstrip()
        return child_span(name, {**self._place, **operation}, error_type=_error_type)

    @asynccontextmanager
    async def transaction(self, begun: AbstractAsyncContextManager[AsyncConnection]) -> AsyncIterator[AsyncConnection]:
        """Record a transaction. Its statements are child spans."""
        with child_span("transaction", self._place, kind=SpanKind.INTERNAL, error_type=_error_type):
            async with begun as connection:
                yield connection


def _error_type(error: BaseException) -> str:
    """Return PostgreSQL's SQLSTATE, or the type of any other error."""
    return sqlstate(error) or type_name(error)
