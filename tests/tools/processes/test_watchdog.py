"""Child processes never outlive their parent."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from processes.watchdog import Watchdog, has_ended, how_it_ended, last_lines

from ..programs import TOOLS, is_gone, soon, started

OWNER = """
from pathlib import Path
from processes.watchdog import Watchdog
folder = Path(sys.argv[1])
watchdog = Watchdog(patience=0.5, leftovers=[folder / "left over"])
watchdog.start(["sleep", sys.argv[2]], log=folder / "log")
print("started", flush=True)
time.sleep(60)
"""
# A signal comes as soon as `poll` has taken the lock of the process.
INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from processes.stopping import Stopped, stop_on_signals
from processes.watchdog import Watchdog

class Lock:
    def __init__(self):
        self.lock = threading.Lock()
        self.release = self.lock.release
    def acquire(self, *arguments):
        taken = self.lock.acquire(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)
        return taken
    def __enter__(self):
        self.lock.acquire()
    def __exit__(self, *error):
        self.lock.release()

stop_on_signals()
watchdog = Watchdog(patience=5)
process = watchdog.start(["sleep", "60"], log=Path(sys.argv[1]))
process._waitpid_lock = Lock()
try:
    watchdog.stop()
except Stopped:
    pass
watchdog.let_go()
watchdog.wait()
print(process.returncode)
"""
STUBBORN = "trap '' TERM; echo stubborn; sleep 98765 & sleep 98765; :"


def test_stops_processes_and_cleans_up_if_the_parent_is_killed(tmp_path: Path) -> None:
    leftover = tmp_path / "left over"
    leftover.mkdir()
    seconds = f"98765.{os.getpid()}"  # a marker that is unique to this run of the tests
    with started(OWNER, str(tmp_path), seconds) as (owner, _):
        assert soon(lambda: not is_gone(f"sleep {seconds}"))  # during an exec a process has no command line
        owner.kill()
        assert soon(lambda: is_gone(f"sleep {seconds}") and not leftover.exists())


def test_kills_a_process_that_ignores_the_signal_and_its_children(tmp_path: Path) -> None:
    log = tmp_path / "log"
    watchdog = Watchdog(patience=0.2)
    process = watchdog.start(["/bin/sh", "-c", f": {tmp_path}; {STUBBORN}"], log=log)
    assert soon(lambda: last_lines(log) == "stubborn")
    watchdog.let_go()
    watchdog.wait()
    assert process.returncode == -signal.SIGKILL
    assert soon(lambda: is_gone(str(tmp_path)))


def test_replaces_a_stopped_process(tmp_path: Path) -> None:
    watchdog = Watchdog(patience=2)
    first = watchdog.start(["sleep", "60"], log=tmp_path / "log")
    watchdog.stop()
    second = watchdog.start(["sleep", "60"], log=tmp_path / "log")
    watchdog.let_go()
    watchdog.wait()
    assert [first.returncode, second.returncode] == [-signal.SIGTERM, -signal.SIGTERM]


def test_stops_a_process_if_a_signal_comes_while_it_is_checked(tmp_path: Path) -> None:
    """`Popen.poll` would keep its lock, and `wait` would hang."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "log")]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(TOOLS)}, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == f"{-signal.SIGTERM}\n"


@pytest.mark.parametrize(
    ("command", "how"),
    [
        ("exit 0", "exit code 0"),
        ("exit 3", "exit code 3"),
        ("kill -9 $$", "killed by SIGKILL"),
        pytest.param(
            "kill -40 $$",
            "killed by signal 40",
            marks=pytest.mark.skipif(sys.platform == "darwin", reason="has no real-time signals"),
        ),
    ],
)
def test_says_how_a_process_ended(command: str, how: str) -> None:
    process = subprocess.Popen(["/bin/sh", "-c", command])
    while not has_ended(process):
        time.sleep(0.01)
    assert how_it_ended(process) == how


def test_a_lost_exit_code_is_no_success(tmp_path: Path) -> None:
    watchdog = Watchdog(patience=2)
    process = watchdog.start(["true"], log=tmp_path / "log")
    os.waitpid(process.pid, 0)  # as in a `has_ended` that a signal interrupts
    assert has_ended(process)
    assert process.returncode not in {0, None}
    watchdog.let_go()
    watchdog.wait()


def test_tools_do_not_use_methods_of_popen_that_a_signal_can_break() -> None:
    found = [
        f"{path}: {line.strip()}"
        for path in TOOLS.rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"\w\.(?:(?:poll|send_signal|terminate)\(|wait\(\w)", line)
    ]
    assert not found


def test_last_lines_of_a_missing_log_are_empty(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "log") == ""


def test_returns_the_last_lines_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"one\ntwo \xff\nthree\n")
    assert last_lines(log, 2) == "two \N{REPLACEMENT CHARACTER}\nthree"
