"""The database of a folder: alone, with a shell, and next to a running system."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import asyncpg
import pytest

from processes.ports import free_ports
from processes.stopping import INTERRUPTED, Stopped
from system import database_alone as database_program

from ..conftest import USERS
from ..programs import is_gone
from ..terminal import at_terminal


def command(module: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", f"system.{module}", *map(str, arguments)]


@contextlib.contextmanager
def database_alone(
    folders: list[Path], *options: str, data: Path = Path(".allium")
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield the process, and what it printed until it waited."""
    arguments = command("database_alone", *folders, "--data", data, *options)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=folders[0].parent) as process:
        assert process.stdout
        try:
            lines: list[str] = []
            while not lines or "Ctrl-C" not in lines[-1]:
                lines.append(process.stdout.readline())
                assert lines[-1]
            yield process, "".join(lines)
        finally:
            process.kill()


def psql(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("psql", "--data", ".allium", folder, *arguments),
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )


WHO = ("-Atc", "SELECT current_database(), current_user, current_setting('port')")


async def test_database_alone_prints_how_to_connect_and_stops(folders: list[Path], open_folder: Path) -> None:
    port = next(free_ports())
    with database_alone(folders[:1], "--port", str(port)) as (process, printed):
        file = (open_folder / ".allium/database.env").read_text()
        assert printed.startswith(file)
        assert f"listens on 127.0.0.1:{port}: every account of this machine can connect" in printed
        variables = dict(line.split("=") for line in file.splitlines())
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user=variables["POSTGRES_USER"], database=variables["POSTGRES_DB"]
        )
        await connection.close()
        assert psql(folders[0], *WHO).stdout == f"users|users|{port}\n", "both must be on the same server"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "Stopped.\n"
        assert process.returncode == 0
    assert is_gone(str(open_folder))
    assert not (open_folder / ".allium/database.env").exists()


def test_reports_that_it_was_interrupted_before_the_server_ran(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_folder: Path) -> NoReturn:
        raise Stopped

    monkeypatch.setattr(database_program, "run_folder", interrupted)
    monkeypatch.setattr(database_program, "stop_on_signals", lambda: None)
    monkeypatch.setattr(sys, "argv", ["database_alone", str(folders[0]), "--data", str(folders[0].parent / ".allium")])
    assert database_program.main() == INTERRUPTED
    assert capsys.readouterr().out == "Stopped.\n"


def test_each_service_connects_to_its_own_database(folders: list[Path]) -> None:
    with database_alone(folders) as (_, printed):
        assert "POSTGRES_USER" not in printed
        assert psql(folders[1], *WHO).stdout == "friends|friends|5432\n"


def test_does_not_listen_on_tcp_by_default(folders: list[Path]) -> None:
    with database_alone(folders):
        assert psql(folders[0], "-Atc", "SHOW listen_addresses").stdout == "\n"


def refusal_of_port(port: int, folder: Path) -> str:
    arguments = command("database_alone", folder, "--data", folder.parent / ".allium", "--port", str(port))
    return subprocess.run(arguments, stderr=subprocess.PIPE, text=True, check=False).stderr


@pytest.mark.parametrize("port", [0, 22, 70000])
def test_refuses_a_port_that_postgresql_cannot_use(port: int, folders: list[Path]) -> None:
    expected = f"nox -s db --: error: argument --port: '{port}' is not a number from 1024 to 65535\n"
    assert refusal_of_port(port, folders[0]).endswith(expected)


def test_says_who_has_the_port_and_how_to_choose_another(folders: list[Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refused = refusal_of_port(port, folders[0])
    assert refused.startswith(f"Port {port} (PostgreSQL) is already in use by process {os.getpid()} (")
    assert re.search(r"\. Stop it, or choose another, such as: `nox -s db -- --port \d+`\.\n$", refused)


def test_shell_starts_a_server_without_a_running_system(folders: list[Path], open_folder: Path) -> None:
    assert psql(folders[0], "-c", "CREATE TABLE kept AS SELECT 42 AS answer").returncode == 0
    assert psql(folders[0], "-Atc", "SELECT answer FROM kept").stdout == "42\n"
    assert is_gone(str(open_folder))


def test_shell_returns_the_exit_code_of_psql(folders: list[Path]) -> None:
    done = psql(folders[0], "-c", "nonsense")
    assert done.returncode == 1
    assert done.stderr.startswith("ERROR:  syntax error")


def test_uses_a_named_server_with_its_own_role(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with database_alone(folders[:1]) as (_, printed):
        host = re.search(r"POSTGRES_HOST=(.*)", printed)
        assert host
        monkeypatch.setenv("POSTGRES_HOST", host[1])
        assert psql(folders[1], *WHO).stdout == "friends|postgres|5432\n"
        refused = subprocess.run(
            command("database_alone", folders[0], "--data", "elsewhere"), capture_output=True, text=True, check=False
        )
    assert refused.stderr == "POSTGRES_HOST already names a server. Unset it to run one here.\n"


def test_ctrl_c_in_the_shell_cancels_the_statement_only(folders: list[Path]) -> None:
    arguments = command("psql", "--data", ".allium", folders[0], "-X")
    with at_terminal(arguments, cwd=folders[0].parent, env={**os.environ, "PAGER": ""}) as (process, terminal):
        terminal.read_until("users=> ")
        terminal.press("SELECT 'begun'; SELECT pg_sleep(600);\n")
        terminal.read_until(" begun")
        for _ in range(60):
            terminal.press("\x03")  # the first one may arrive before the statement
            if terminal.shows("canceling statement", seconds=1):
                break
        terminal.read_until("users=> ")
        terminal.press("SELECT 41 + 1 AS sum;\n")
        terminal.read_until(" 42")
        terminal.press("\\q\n")
        assert process.wait(60) == 0


def test_tests_of_a_service_stop_with_one_line_if_the_named_server_is_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTGRES_HOST", "127.0.0.1")
    monkeypatch.setenv("POSTGRES_PORT", "1")
    monkeypatch.setenv("PYTHONPATH", "src:tools")
    done = subprocess.run(
        [".venv/bin/python", "-m", "pytest", "tests/api"], cwd=USERS, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.strip().startswith("ERROR: No PostgreSQL server can be reached at 127.0.0.1, port 1")
    assert "Traceback" not in done.stdout + done.stderr
