"""The folder of a running system: logs, `state.json` and, where it is kept, the databases."""

import contextlib
import fcntl
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from failures import SystemFailure
from processes.watchdog import Watchdog


@contextlib.contextmanager
def run_folder(kept: Path | None) -> Iterator[Path]:
    """Yield a folder with `logs` in it, ours alone until the end: one that is kept, or a throw-away."""
    with contextlib.ExitStack() as stack:
        if kept:
            folder = kept.absolute()
            stack.enter_context(_lock(folder))
        else:
            folder = Path(tempfile.mkdtemp(prefix="allium-"))
        watchdog = Watchdog(patience=0, leftovers=[folder / "state.json"] if kept else [folder])
        stack.callback(watchdog.wait)
        stack.callback(watchdog.let_go)
        (folder / "logs").mkdir(exist_ok=True)
        yield folder


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except OSError as error:
        raise SystemFailure(f"{folder} cannot be used: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released by the kernel, also when we are killed
        except BlockingIOError as error:
            raise SystemFailure(f"A system is running on {folder} already{_where(folder)}; stop it first.") from error
        yield


def _where(folder: Path) -> str:
    try:
        services = json.loads((folder / "state.json").read_text())["services"]
    except FileNotFoundError:  # it is just starting
        return ""
    return " (" + ", ".join(service["url"] for service in services.values()) + ")"
