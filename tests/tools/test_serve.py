"""The life of a running system: `serve` as a command, `running_system` as a library."""

import contextlib
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ports import free_ports
from service_folder import SystemFailure, read_services
from system import running_system

from .processes import TOOLS, is_gone, soon, started

FAKE = Path(__file__).with_name("fake_service.py")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PG_BIN", "POSTGRES_HOST", "USERS_SERVICE_URL", "FAKE_TROUBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folders(open_folder: Path) -> list[Path]:
    """Two services; friends asks users."""
    upstreams = {"users": "[]", "friends": "[users]"}
    ports = free_ports()
    return [make_service(open_folder, name, next(ports), upstreams=upstreams[name]) for name in upstreams]


def make_service(parent: Path, name: str, port: int, *, upstreams: str) -> Path:
    package = parent / name / "src" / f"{name}_service"
    package.mkdir(parents=True)
    shutil.copy(FAKE, package / "__main__.py")
    (parent / name / ".copier-answers.yml").write_text(f"service_name: {name}\nport: {port}\nupstreams: {upstreams}\n")
    return parent / name


def serve(folders: list[Path], *options: str) -> subprocess.Popen[str]:
    """Start the command beside the services, where it keeps its data."""
    command: list[str | Path] = [sys.executable, TOOLS / "serve.py", *folders, *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folders[0].parent)


def lines_until_running(process: subprocess.Popen[str]) -> list[str]:
    lines: list[str] = []
    assert process.stdout
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()[1]
    return lines


@contextlib.contextmanager
def served(folders: list[Path]) -> Iterator[subprocess.Popen[str]]:
    """A `serve` that runs; killed at the end if it still does."""
    with serve(folders) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def running(folders: list[Path]) -> Iterator[subprocess.Popen[str]]:
    with served(folders) as process:
        yield process


def test_serve_tells_where_everything_is_and_stops_at_sigterm(
    folders: list[Path], running: subprocess.Popen[str], open_folder: Path
) -> None:
    lines = lines_until_running(running)
    state = json.loads((open_folder / ".allium/state.json").read_text())
    assert state["pid"] == running.pid
    assert sorted(lines[:2]) == [
        f"{name} is ready: {state['services'][name]['url']}/api/docs\n" for name in ("friends", "users")
    ]
    assert (open_folder / ".allium/logs/users.log").exists()
    again = serve(folders).communicate()
    assert again[0] == ""
    assert re.fullmatch(r"A system is running on .* already \(http.*\n", again[1])
    running.send_signal(signal.SIGTERM)
    assert running.communicate(timeout=5) == ("Stopped.\n", "")
    assert running.returncode == 0
    assert is_gone(str(open_folder))
    assert not (open_folder / ".allium/state.json").exists()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_killed_serve_leaves_nothing_running(
    folders: list[Path], running: subprocess.Popen[str], open_folder: Path
) -> None:
    lines_until_running(running)
    running.kill()
    assert soon(lambda: is_gone(str(open_folder)))
    assert soon(lambda: not any(listens(service.port) for service in read_services(folders)))
    assert not (open_folder / ".allium/state.json").exists()


def test_serve_ends_with_its_parent_if_told_to(folders: list[Path], open_folder: Path) -> None:
    code = "import subprocess; print(flush=True); subprocess.run(sys.argv[1:], cwd=sys.argv[3])"
    command = [sys.executable, str(TOOLS / "serve.py"), *map(str, folders), "--with-parent"]
    with started(code, *command) as (parent, _):
        assert soon((folders[0] / ".allium/state.json").exists)
        parent.kill()
        assert soon(lambda: is_gone(str(open_folder)))


def test_a_service_that_ends_stops_everything(
    folders: list[Path], open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TROUBLE", "users:end")
    with served(folders) as process:
        lines_until_running(process)
        state = json.loads((open_folder / ".allium/state.json").read_text())
        with pytest.raises(http.client.RemoteDisconnected):
            answer(state["services"]["users"]["url"], "END")
        _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith(f"users ended (exit code 3); its log {open_folder}/.allium/logs/users.log ends:\n")
    assert "Traceback" not in errors
    assert is_gone(str(open_folder))


@pytest.mark.parametrize(
    ("trouble", "complaint"),
    [
        ("users:migrate", r"^users could not migrate \(exit code 1\).*\nthe trouble with migrate$"),
        ("friends:serve", r"^friends ended before it was ready \(exit code 1\).*\nthe trouble with serve$"),
    ],
)
def test_a_service_that_does_not_start_is_named_with_the_end_of_its_log(
    trouble: str, complaint: str, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TROUBLE", trouble)
    with pytest.raises(SystemFailure, match=complaint), running_system(folders, ports="free"):
        pass


def test_a_port_in_use_is_one_clear_line(folders: list[Path]) -> None:
    port = read_services(folders)[1].port
    with socket.create_server(("127.0.0.1", port)):
        process = serve(folders)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert errors == f"Port {port} of friends is in use by another program; stop that one first.\n"


def test_services_find_their_database_and_each_other_and_can_be_restarted(folders: list[Path]) -> None:
    with running_system(folders, ports="free") as system:
        assert answer(system.url("friends"), "USERS_SERVICE_URL") == system.url("users")
        assert answer(system.url("friends"), "POSTGRES_DB") == "friends"
        assert answer(system.url("friends"), "POSTGRES_USER") == "friends"
        users = system.services["users"]
        before = users.process.pid
        users.kill()
        with pytest.raises(SystemFailure, match="users ended \\(killed by SIGKILL\\)"):
            system.check()
        users.restart()
        assert users.process.pid != before
        assert users.stop() == -signal.SIGTERM
        assert system.database
    assert not system.logs.exists()


def answer(url: str, variable: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    with contextlib.closing(connection):
        connection.request("GET", f"/?{variable}")
        return connection.getresponse().read().decode()


def test_an_upstream_elsewhere_keeps_the_url_of_the_environment(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERS_SERVICE_URL", "http://users.example")
    with running_system(folders[1:], ports="free") as system:
        assert answer(system.url("friends"), "USERS_SERVICE_URL") == "http://users.example"


def test_a_folder_without_answers_is_no_service(tmp_path: Path) -> None:
    with pytest.raises(SystemFailure, match="is no service"):
        read_services([tmp_path])


def test_two_services_of_one_name_are_refused(folders: list[Path]) -> None:
    with pytest.raises(SystemFailure, match="second service named users"):
        read_services([folders[0], folders[0]])


def test_free_ports_differ() -> None:
    assert len(set(islice(free_ports(), 100))) == 100
