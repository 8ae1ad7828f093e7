"""A service restarts when its code changes."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from system.reloading import Reloading, snapshot
from system.running import System, running_system

from ..programs import answer, soon

MAIN = Path("src/users_service/__main__.py")


@pytest.fixture
def system(folders: list[Path]) -> Iterator[System]:
    with running_system(folders, ports="free") as system:
        yield system


class Watched:
    """The service users with reload, and the messages about it."""

    def __init__(self, system: System) -> None:
        self.service = system.services["users"]
        self.folder = self.service.service.path
        self.said: list[str] = []
        self._reloading = Reloading(self.service, self.said.append, since=snapshot(self.folder))

    def edit(self, old: str, new: str) -> None:
        main = self.folder / MAIN
        main.write_text(main.read_text().replace(old, new))

    def says(self, line: str) -> bool:
        return self._step_until(lambda: any(said.startswith(line) for said in self.said))

    def _step_until(self, true: Callable[[], bool]) -> bool:
        def step() -> bool:
            self._reloading.step()
            return true()

        return soon(step)


@pytest.fixture
def users(system: System) -> Watched:
    return Watched(system)


def test_restarts_an_edited_service_only(system: System, users: Watched) -> None:
    friends = system.services["friends"].process.pid
    users.edit('os.environ.get(name, "")', '"edited"')
    assert users.says("users is ready again")
    assert users.said[0] == f"users is restarting: {MAIN} changed."
    assert answer(users.service.url, "ANY") == "edited"
    assert system.services["friends"].process.pid == friends
    system.check()


def test_detects_an_edit_made_during_startup(system: System) -> None:
    """As by somebody who edits while the services start."""
    service, said = system.services["users"], list[str]()
    since = snapshot(service.service.path)
    main = service.service.path / MAIN
    main.write_text(main.read_text() + "# edited\n")
    reloading = Reloading(service, said.append, since=since)
    for _ in range(2):
        reloading.step()
    assert said == [f"users is restarting: {MAIN} changed."]


def test_waits_for_the_next_edit_if_the_code_does_not_start(users: Watched) -> None:
    users.edit("main()\n", "main(\n")
    assert users.says("users ended before it was ready (exit code 1). It waits for the next change.")
    assert "SyntaxError" in users.service.log.read_text()
    users.edit("main(\n", "main()\n")
    assert users.says("users is ready again")


def test_runs_a_new_migration_until_it_succeeds(users: Watched) -> None:
    users.service.environment["FAKE_TROUBLE"] = "users:migrate"
    (users.folder / "migrations/versions").mkdir(parents=True)
    (users.folder / "migrations/versions/new.py").touch()
    assert users.says("users could not migrate (exit code 1). It waits for the next change.")
    users.said.clear()
    users.edit("import os", "import os  # edited")
    assert users.says("users could not migrate")
    del users.service.environment["FAKE_TROUBLE"]
    users.edit("# edited", "# edited again")
    assert users.says("users is ready again")


def test_waits_for_an_edit_if_the_service_exits(users: Watched) -> None:
    users.service.kill()
    assert users.says("users ended (killed by SIGKILL). It waits for the next change.")
    users.edit("import os", "import os  # edited")
    assert users.says("users is ready again")


def test_ignores_generated_and_temporary_files(tmp_path: Path) -> None:
    (tmp_path / "src/package/__pycache__").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "development.env").write_text("A=1\n")
    (tmp_path / "src/package/main.py").touch()
    before = snapshot(tmp_path)
    assert set(before) == {"development.env", "src/package/main.py"}
    for name in ("src/package/.main.py.swp", "src/package/main.py~", "src/package/__pycache__/main.pyc", "tests/x.py"):
        (tmp_path / name).touch()
    assert snapshot(tmp_path) == before
    time.sleep(0.01)
    (tmp_path / "development.env").write_text("A=2\n")
    assert snapshot(tmp_path) != before


def test_watches_nothing_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    assert snapshot(tmp_path / "README.md") == {}
