"""Write SETTINGS.md anew: an update may have changed defaults and descriptions of the chassis's settings."""

import subprocess
import sys
from pathlib import Path

TABLE = Path("SETTINGS.md")


def write(package: str) -> str | None:
    """Bring the table up to date, and return what is to be said, if anything."""
    done = subprocess.run([sys.executable, "-m", package, "settings"], check=False, capture_output=True)
    if done.returncode:
        again = f"PYTHONPATH=src .venv/bin/python -m {package} settings > {TABLE}"
        return f"{TABLE} could not be written, as the service does not start. Once it does, run: {again}"
    if TABLE.is_file() and TABLE.read_bytes() == done.stdout:
        return None
    TABLE.write_bytes(done.stdout)
    return f"{TABLE} written, as settings have changed."


def main() -> int:
    """Do so in the current folder; always 0, since the update is done."""
    for package in Path("src").glob("*_service"):
        if said := write(package.name):
            print(said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
