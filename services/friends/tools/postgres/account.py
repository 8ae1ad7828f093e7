"""The operating system account that the PostgreSQL server runs as; PostgreSQL refuses root."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for Popen to run a command as this account."""
        # Without PG* variables, which redirect the server, and without LANG, which may name a missing locale.
        arguments: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C"}, "cwd": "/", "umask": 0o077}
        if self.uid != os.geteuid():
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a command and capture its output, stderr included."""
        return subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **self.popen
        )

    def may_enter(self, folder: Path) -> bool:
        """Return whether the account may enter this folder and all above it."""
        return self.run(["test", "-x", folder]).returncode == 0

    def new_folder(self, *, prefix: str, parent: Path) -> Path:
        """Create an empty folder that only this account (and root) can enter."""
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        if self.uid != os.geteuid():
            os.chown(folder, self.uid, self.gid)
        return folder


def account_for(data: Path | None) -> Account:
    """Return our own account or, if we are root, the owner of existing data, else `nobody`."""
    if os.geteuid() != 0:
        return Account(name=_name_of(os.geteuid()), uid=os.geteuid(), gid=os.getegid())
    if data and data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(name=_name_of(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(name="nobody", uid=nobody.pw_uid, gid=nobody.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container started with an arbitrary user id
        return f"user {uid}"
