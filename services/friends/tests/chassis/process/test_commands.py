"""The commands as processes: their exit codes, and their output as JSON lines or as the requested document."""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from chassis.settings.table import settings_table
from postgres.server import postgres_server

from ..sample_process import PACKAGE, SERVICE_FOLDER, python_path
from ..sample_service import IDENTITY
from ..sample_service.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit code and output of a command."""

    code: int
    text: str
    errors: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The output, each line parsed as JSON."""
        assert self.errors == ""
        return [json.loads(line) for line in self.text.splitlines()]


async def run(*arguments: str, **environment: str) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PACKAGE, *arguments),
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path()} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(120):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
    assert process.returncode is not None
    return Outcome(process.returncode, output.decode(), errors.decode())


async def test_concurrent_migrate_commands_run_each_migration_once(
    postgres: dict[str, str], empty_database: str, empty_connection: asyncpg.Connection
) -> None:
    patience = {"DATABASE_CONNECT_TIMEOUT": "10", "DATABASE_TIMEOUT": "20"}
    database = {**postgres, **patience, "POSTGRES_DB": empty_database}
    check = await run("check", **database)
    assert (check.code, check.lines[-1]["message"]) == (1, "not ready: database-not-migrated")
    migrations = await asyncio.gather(*(run("migrate", **database) for _ in range(2)))
    assert {(migrate.code, migrate.lines[-1]["message"]) for migrate in migrations} == {(0, "schema is at head")}
    upgrades = [line for migrate in migrations for line in migrate.lines if "Running upgrade" in line["message"]]
    assert len(upgrades) == len({line["message"] for line in upgrades}) > 0, "each migration must run once"
    assert not [line for line in migrations[0].lines if line["logger"] == "alembic.runtime.plugins"]
    assert await empty_connection.fetchval("SELECT count(*) FROM alembic_version") == 1
    check = await run("check", **database)
    assert (check.code, check.lines[-1]["message"]) == (0, "settings, database and schema are OK")


async def test_migrate_fails_in_one_line_without_a_database() -> None:
    outcome = await run("migrate", POSTGRES_HOST="/nowhere")
    assert outcome.code == 1
    assert [line["level"] for line in outcome.lines if line["level"] != "INFO"] == ["ERROR"]


async def test_warns_of_a_probably_mistyped_variable() -> None:
    outcome = await run("check", POSTGRES_HOST="/nowhere", DATABSE_POOL_SIZE="planted-value")
    assert [line["message"] for line in outcome.lines if line["logger"] == "chassis.process.commands"] == [
        "unknown setting DATABSE_POOL_SIZE; did you mean DATABASE_POOL_SIZE?",
        "not ready: database-unavailable",
    ]
    assert "planted-value" not in outcome.text


async def test_logs_invalid_settings_and_arguments_as_json() -> None:
    serve, mistyped, bare = await asyncio.gather(run("serve", PORT="x", LOG_LEVEL="x"), run("server"), run())
    assert (serve.code, mistyped.code, bare.code) == (os.EX_CONFIG, os.EX_USAGE, os.EX_USAGE)
    assert [line["message"].partition(": Input")[0] for line in serve.lines] == [
        "invalid setting: PORT",
        "invalid setting: LOG_LEVEL",
    ]
    assert re.match(r"invalid arguments: .*'server'", mistyped.lines[0]["message"])
    assert re.match(r"invalid arguments: .*command", bare.lines[0]["message"])
    assert {line["service"] for line in (*serve.lines, *mistyped.lines, *bare.lines)} == {IDENTITY.name}


@pytest.mark.parametrize("workers", ["1", "3"])
async def test_exits_if_the_application_cannot_be_loaded(tmp_path: Path, workers: str) -> None:
    (tmp_path / "fastapi_offline.py").write_text("raise ImportError('planted')")
    serve = await run("serve", PYTHONPATH=python_path(tmp_path), WEB_CONCURRENCY=workers, PORT="0")
    assert serve.code == 3
    [line] = serve.lines
    assert (line["level"], line["message"]) == ("CRITICAL", "cannot load the application")
    assert line["logger"] == "chassis.process.server"
    assert line["exception.message"] == "planted"


@pytest.mark.parametrize(
    ("command", "library", "message"),
    [
        ("serve", "fastapi_offline", r"cannot load the application  chassis\.process\.server"),
        ("migrate", "alembic", "uncaught exception  uncaught"),
    ],
)
async def test_reports_invalid_settings_in_the_console_format(
    tmp_path: Path, command: str, library: str, message: str
) -> None:
    (tmp_path / f"{library}.py").write_text("raise ImportError('planted')")
    outcome = await run(command, PYTHONPATH=python_path(tmp_path), LOG_FORMAT="console", PORT="0")
    assert re.search(rf" CRITICAL {message}\n", outcome.text)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("migrate", r"cannot migrate: PostgreSQL at /nowhere, port \d+: .*No such file or directory.*"),
        ("check", "not ready: database-unavailable"),
    ],
)
async def test_reports_an_unreachable_database_in_the_console_format(command: str, message: str) -> None:
    outcome = await run(command, POSTGRES_HOST="/nowhere", LOG_FORMAT="console")
    assert outcome.code == 1
    assert re.search(rf" ERROR    {message}  chassis\.process\.commands\n", outcome.text)


@pytest.fixture
def server_with_passwords() -> Iterator[Path]:
    """Yield the socket folder of a server that refuses logins without a valid password."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # for the account that runs PostgreSQL
        rules = Path(folder, "pg_hba.conf")
        rules.write_text("local all all scram-sha-256\n")
        with postgres_server(options=[f"hba_file={rules}"]) as socket_folder:
            yield socket_folder


async def test_explains_that_a_database_keeps_its_first_password(
    server_with_passwords: Path,
) -> None:
    outcome = await run("migrate", POSTGRES_HOST=str(server_with_passwords), POSTGRES_PORT="5432")
    assert outcome.code == 1
    message = outcome.lines[-1]["message"]
    assert message.startswith(f"cannot migrate: PostgreSQL at {server_with_passwords}, port 5432: ")
    assert "keeps the password of its first start" in message


async def test_help_shows_usage_and_commands() -> None:
    outcome = await run("--help")
    assert (outcome.code, outcome.errors) == (0, "")
    assert outcome.text.startswith(f"usage: python -m {PACKAGE} ")
    described = re.findall(r"^ {4}(\w+) +\w+", outcome.text, re.MULTILINE)
    assert described == ["serve", "migrate", "openapi", "settings", "check", "greet", "count"]


async def test_prints_its_version() -> None:
    outcome = await run("--version")
    assert (outcome.code, outcome.text, outcome.errors) == (0, f"{IDENTITY.version}\n", "")


async def test_prints_the_openapi_document_and_the_table_of_settings() -> None:
    openapi, settings = await asyncio.gather(run("openapi"), run("settings"))
    document = json.loads(openapi.text)
    assert document["openapi"].startswith("3.1")
    assert openapi.text == json.dumps(document, indent=2, ensure_ascii=False) + "\n", "the document must be indented"
    assert settings.text == settings_table(Settings, package=PACKAGE)
    assert (openapi.code, openapi.errors, settings.code, settings.errors) == (0, "", 0, "")


@pytest.mark.parametrize("command", ["openapi", "settings"])
async def test_writes_only_the_document_to_stdout(command: str) -> None:
    loud, quiet = await asyncio.gather(run(command, SAMPLE_IS_LOUD="1"), run(command))
    assert (loud.code, loud.text) == (0, quiet.text)
    lines = [line for line in loud.errors.splitlines() if line.startswith("{")]
    assert [json.loads(line)["level"] for line in lines if "planted" in line] == ["WARNING", "ERROR"]
    assert "planted by print" in loud.errors


async def test_leaves_stdout_empty_if_the_document_cannot_be_created() -> None:
    outcome = await run("openapi", PORT="x")
    assert (outcome.code, outcome.text) == (os.EX_CONFIG, "")
    assert json.loads(outcome.errors)["message"].startswith("invalid setting: PORT")


async def test_runs_custom_commands_of_a_service(postgres: dict[str, str], empty_database: str) -> None:
    greet, count, away, unusable, tells = await asyncio.gather(
        run("greet", "--name", "ada"),
        run("count", **postgres, POSTGRES_DB=empty_database, DATABASE_CONNECT_TIMEOUT="10", DATABASE_TIMEOUT="20"),
        run("count", POSTGRES_HOST="/nowhere"),
        run("greet", PORT="x"),
        run("--help"),
    )
    assert (greet.code, greet.lines[-1]["message"]) == (3, f"{IDENTITY.name} greets ada")
    assert (count.code, count.errors) == (0, "")
    assert away.code == 1
    assert [line["message"].partition(":")[0] for line in away.lines if line["level"] == "ERROR"] == ["cannot count"]
    assert unusable.code == os.EX_CONFIG
    assert "say hello" in tells.text
