"""Create a database and its login role unless they exist: `python -m postgres.create_database DATABASE OWNER`.

`serve` runs it with the Python of a service, which has asyncpg, on the server of the POSTGRES_* variables.
"""

import asyncio
import os
import sys

import asyncpg


async def create_database(database: str, owner: str) -> None:
    """Create what is missing; raises `OSError` or `PostgresError`."""
    connection = await asyncpg.connect(
        host=os.environ["POSTGRES_HOST"],
        port=int(os.environ["POSTGRES_PORT"]),
        user=os.environ["POSTGRES_USER"],
        password=os.environ["POSTGRES_PASSWORD"],
        database="postgres",
    )
    try:
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", owner):
            await connection.execute(f"CREATE ROLE {_quoted(owner)} LOGIN")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await connection.execute(f"CREATE DATABASE {_quoted(database)} OWNER {_quoted(owner)}")
    finally:
        await connection.close()


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


if __name__ == "__main__":
    try:
        asyncio.run(create_database(*sys.argv[1:]))
    except (OSError, asyncpg.PostgresError) as error:
        server = f"{os.environ['POSTGRES_HOST']}, port {os.environ['POSTGRES_PORT']}"
        sys.exit(f"Cannot create the database {sys.argv[1]} on {server}, as {os.environ['POSTGRES_USER']}: {error}")
