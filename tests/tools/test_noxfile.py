"""How the repository's noxfile handles arguments and failures."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

import nox
import pytest

from layout import ROOT

from .terminal import at_terminal


class Session:
    """A session that records commands instead of running them."""

    name = "psql"

    def __init__(self, *arguments: str) -> None:
        self.posargs = list(arguments)
        self.ran: list[tuple[str, list[str]]] = []

    def run(self, *command: str) -> None:
        folder = Path(command[command.index("-f") + 1]).parent.name
        self.ran.append((folder, list(command[command.index("--") + 1 :])))

    def log(self, message: str) -> None:
        """Say what is still running."""

    def warn(self, message: str) -> None:
        """Say that a run has failed."""

    def error(self, message: str) -> None:
        raise SystemExit(message)


@pytest.fixture(scope="module")
def noxfile() -> ModuleType:
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def named(noxfile: ModuleType, *arguments: str) -> list[tuple[str, list[str]]]:
    session = Session(*arguments)
    found = noxfile.in_named_services(cast("nox.Session", session), "test")
    assert found is bool(session.ran)
    return session.ran


@pytest.mark.parametrize("prefix", ["", "./"])
def test_runs_a_test_of_one_service_only_there(prefix: str, noxfile: ModuleType) -> None:
    test = "tests/api/test_list_users.py::test_it"
    assert named(noxfile, f"{prefix}services/users/{test}", "-x", "--pdb") == [("users", [test, "-x", "--pdb"])]


def test_passes_each_service_its_own_tests(noxfile: ModuleType) -> None:
    arguments = ("services/users/tests/api", "-k", "read", "services/friends/tests/core")
    assert sorted(named(noxfile, *arguments)) == [
        ("friends", ["tests/core", "-k", "read"]),
        ("users", ["tests/api", "-k", "read"]),
    ]


@pytest.mark.parametrize("path", ["services/users", "services/users/", str(ROOT / "services/users")])
def test_runs_the_tests_of_a_named_service(path: str, noxfile: ModuleType) -> None:
    assert named(noxfile, path, "-x") == [("users", ["-x"])]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("services/nosuch/tests/api", "^there is no service nosuch; there are accounts, friends, users$"),
        ("services/users/tests/nosuch.py::test_it", r"^services/users/tests/nosuch\.py does not exist$"),
        ("tests/nosuch", "^no service has tests/nosuch$"),
        ("tests/tools", "^no service has tests/tools; ./noxw -s system -- tests/tools runs it$"),
    ],
)
def test_refuses_a_path_that_does_not_exist(path: str, message: str, noxfile: ModuleType) -> None:
    with pytest.raises(SystemExit, match=message):
        named(noxfile, path)


@pytest.mark.parametrize("arguments", [(), ("-k", "read"), ("tests/api",)])
def test_other_arguments_select_no_service(arguments: tuple[str, ...], noxfile: ModuleType) -> None:
    assert named(noxfile, *arguments) == []


def test_requires_a_name_for_a_session_of_one_service(noxfile: ModuleType) -> None:
    def first(*arguments: str) -> object:
        return noxfile.first_service(cast("nox.Session", Session(*arguments)))

    assert first("users", "-c", "SELECT 1") == (Path("services/users"), ["-c", "SELECT 1"])
    with pytest.raises(SystemExit, match=r"^name a service first, such as: \./noxw -s psql -- accounts$"):
        first()
    with pytest.raises(SystemExit, match=r"^there is no service nobody; there are accounts, friends, users$"):
        first("nobody")


def test_shows_the_output_of_failed_runs_last_and_the_command_that_repeats_them(
    noxfile: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(service: Path, _session: str) -> list[str]:
        code = "print('broken'); raise SystemExit(1)" if service.name == "accounts" else "print('fine')"
        return [sys.executable, "-c", code]

    monkeypatch.setattr(noxfile, "_nox", command)
    again = r"lint in services/accounts failed; alone:\n\./noxw -f services/accounts/noxfile.py -s lint"
    with pytest.raises(SystemExit, match=again):
        noxfile.in_each_service(cast("nox.Session", Session()), "lint")
    assert capsys.readouterr().out.split() == ["fine", "fine", "broken"]


def test_ctrl_c_ends_runs_in_all_services_without_a_traceback_and_without_their_output() -> None:
    run = "print('printed', flush=True); import time; time.sleep(60)"
    program = f"""
import importlib.util, sys
from types import SimpleNamespace
spec = importlib.util.spec_from_file_location("noxfile", {str(ROOT / "noxfile.py")!r})
noxfile = importlib.util.module_from_spec(spec)
spec.loader.exec_module(noxfile)
noxfile.QUIET_SECONDS = 1
noxfile._nox = lambda *_: [sys.executable, "-c", {run!r}]
noxfile.in_each_service(SimpleNamespace(log=print), "lint")
"""
    with at_terminal([sys.executable, "-c", program], cwd=ROOT, env=dict(os.environ)) as (process, terminal):
        terminal.read_until("still running")
        terminal.press("\x03")
        assert process.wait(60) != 0
        assert not terminal.shows("Traceback", seconds=0.5)
        assert not terminal.shows("printed", seconds=0.5)


def test_debugger_of_a_selected_test_has_the_terminal() -> None:
    test = "services/users/tests/core/services/test_users.py"
    command = [sys.executable, "-m", "nox", "-f", str(ROOT / "noxfile.py"), "-s", "test", "--", test, "--trace"]
    with at_terminal(command, cwd=ROOT, env=dict(os.environ)) as (process, terminal):
        terminal.read_until("(Pdb) ")
        terminal.press("p 6 * 7\n")
        terminal.read_until("\n42\r\n(Pdb) ")
        terminal.press("q\n")
        terminal.read_until("Exit: Quitting debugger")
        assert process.wait(60) != 0


def test_coverage_prints_nothing_after_ctrl_c(tmp_path: Path) -> None:
    program = tmp_path / "interrupted.py"
    program.write_text("raise KeyboardInterrupt\n")
    service = ROOT / "services/users"
    coverage = str(service / ".venv/bin/coverage")
    command = [coverage, "run", "--data-file", str(tmp_path / "data"), str(program)]
    done = subprocess.run(
        command,
        cwd=service,
        env={**os.environ, "PYTHONPATH": "src:tools"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr == ""
