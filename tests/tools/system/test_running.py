"""The lifecycle of a running system: `running_system` as a library."""

import signal
from itertools import islice
from pathlib import Path

import pytest

from failures import SystemFailure
from processes.ports import free_ports
from system.running import running_system
from system.service_folder import read_services

from ..programs import answer


@pytest.mark.parametrize(
    ("trouble", "complaint"),
    [
        ("users:migrate", r"^users could not migrate \(exit code 1\).*\nthe trouble with migrate$"),
        ("friends:serve", r"^friends ended before it was ready \(exit code 1\).*\nthe trouble with serve$"),
    ],
)
def test_names_a_service_that_does_not_start_and_shows_its_log(
    trouble: str, complaint: str, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TROUBLE", trouble)
    with pytest.raises(SystemFailure, match=complaint), running_system(folders, ports="free"):
        pass


def test_says_what_to_do_about_a_database_at_a_migration_without_a_file(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TROUBLE", "users:unknown migration")
    said: list[str] = []
    with running_system(folders, ports="free", say=said.append):
        [advice] = [line for line in said if "migration" in line]
    assert advice.startswith(
        "The database of users is at migration 1a2b3c, which has no file in migrations/versions.\n"
    )


def test_connects_services_to_database_and_each_other_and_restarts_them(folders: list[Path]) -> None:
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


def test_keeps_an_upstream_url_of_the_environment(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERS_SERVICE_URL", "http://users.example")
    with running_system(folders[1:], ports="free") as system:
        assert answer(system.url("friends"), "USERS_SERVICE_URL") == "http://users.example"


def test_refuses_a_folder_without_answers(tmp_path: Path) -> None:
    with pytest.raises(SystemFailure, match="is not a service"):
        read_services([tmp_path])


def test_refuses_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    with pytest.raises(SystemFailure, match=r"README\.md is not a service"):
        read_services([tmp_path / "README.md"])


def test_refuses_two_services_with_one_name(folders: list[Path]) -> None:
    with pytest.raises(SystemFailure, match="another service is also named users"):
        read_services([folders[0], folders[0]])


def test_free_ports_differ() -> None:
    assert len(set(islice(free_ports(), 100))) == 100
