"""The folder of a running system: logs, files with its addresses and, if it is kept, the databases."""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from failures import SystemFailure
from processes.watchdog import Watchdog

STATE = "state.json"
DATABASE_VARIABLES = "database.env"


@contextlib.contextmanager
def run_folder(kept: Path | None) -> Iterator[Path]:
    """Yield a locked folder that contains `logs`: the folder `kept`, or a temporary one. Raises `SystemFailure`."""
    with contextlib.ExitStack() as stack:
        if kept:
            folder = kept.absolute()
            stack.enter_context(_lock(folder))
        else:
            folder = Path(tempfile.mkdtemp(prefix="allium-"))
        leftovers = [folder / STATE, folder / DATABASE_VARIABLES] if kept else [folder]
        watchdog = Watchdog(patience=0, leftovers=leftovers)
        stack.callback(watchdog.wait)
        stack.callback(watchdog.let_go)
        (folder / "logs").mkdir(exist_ok=True)
        yield folder


def write_state(folder: Path, services: Mapping[str, Any], database: Mapping[str, str]) -> None:
    """Write the addresses of services and database server for other programs; `database`: POSTGRES_*."""
    where = {"host": database["POSTGRES_HOST"], "port": int(database["POSTGRES_PORT"])}
    _write(folder / STATE, json.dumps({"pid": os.getpid(), "services": services, "database": where}, indent=2) + "\n")


def write_database_variables(folder: Path, variables: Mapping[str, str]) -> None:
    """Write the variables to the file that editors read."""
    _write(folder / DATABASE_VARIABLES, "".join(f"{name}={value}\n" for name, value in variables.items()))


def running_state(folder: Path) -> dict[str, Any] | None:
    """Return the state of the system that runs on a kept folder, or None if none does.

    Raises `SystemFailure` while it is starting.
    """
    if not (folder / "lock").exists():
        return None
    with (folder / "lock").open("a") as file:
        if _is_ours(file):
            return None
    if state := _state(folder):
        return state
    raise SystemFailure(f"Services are just starting on {folder}. Try again in a moment.")


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except OSError as error:
        raise SystemFailure(f"{folder} cannot be used: {error.strerror}.") from error
    with file:
        if not _is_ours(file):
            running = f"Services already run on {folder}{_where(folder)}"
            raise SystemFailure(f"{running}. Stop them first, with Ctrl-C in their terminal.")
        yield


def _is_ours(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released by the kernel, also when we are killed
    except BlockingIOError:
        return False
    return True


def _where(folder: Path) -> str:
    if not (state := _state(folder)):
        return ""
    urls = [service["url"] for service in state["services"].values()]
    return f" ({', '.join([*urls, 'process ' + str(state['pid'])])})"


def _state(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / STATE).read_text())
    except FileNotFoundError:  # it is just starting
        return None
    return state


def _write(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(text)
    draft.rename(file)
