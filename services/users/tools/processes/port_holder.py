"""Finds the process that listens on a port, where /proc tells it: on Linux, and for root any process."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTENING = "0A"
SHOWN_CHARACTERS = 60  # of a command line


def port_holder(port: int) -> str | None:
    """Return id, command and folder of the process, or None if it cannot be found, as that of another account."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        with contextlib.suppress(OSError):  # it is another account's, or has just ended
            if any(str(descriptor.readlink()) in sockets for descriptor in (process / "fd").iterdir()):
                command = (process / "cmdline").read_text(errors="replace").strip("\0")
                cwd = (process / "cwd").readlink()
                return _printable(f"process {process.name} ({_shortened(command)}, in {cwd})")
    return None


def _inodes(port: int) -> Iterator[str]:
    for table in TABLES:
        with contextlib.suppress(OSError):  # there is no /proc, or no IPv6
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _shortened(command: str) -> str:
    return command if len(command) <= SHOWN_CHARACTERS else f"{command[:SHOWN_CHARACTERS]}…"


def _printable(text: str) -> str:
    """Return one line, which another account's process cannot use to control the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
