"""Rewrite SETTINGS.md, because an update may change defaults and descriptions of the chassis's settings."""

import subprocess
import sys
from pathlib import Path

TABLE = Path("SETTINGS.md")


def write(package: str) -> str | None:
    """Update the table; return the message to print, if any."""
    done = subprocess.run([sys.executable, "-m", package, "settings"], check=False, capture_output=True)
    if done.returncode:
        again = f"PYTHONPATH=src .venv/bin/python -m {package} settings > {TABLE}"
        return f"{TABLE} was not updated, because the service does not start. Once it does, run: {again}"
    if TABLE.is_file() and TABLE.read_bytes() == done.stdout:
        return None
    TABLE.write_bytes(done.stdout)
    return f"{TABLE} was updated, because settings have changed."


def main() -> int:
    """Run in the current folder; always return 0, because the update itself has succeeded."""
    for package in Path("src").glob("*_service"):
        if said := write(package.name):
            print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
