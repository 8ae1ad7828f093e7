"""Create the private environment of `noxw`; standard library only, as it runs before anything is installed."""

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

from dependencies.online import advice, run_online

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".noxw"
REQUIREMENTS = ROOT / "tools" / "noxw-requirements.txt"
INTERRUPTED = 130


def create(stamp: str) -> None:
    """Create the environment unless it has `stamp`, which is written last: an interrupted installation has none.

    Raises `CalledProcessError` if venv or pip fails.
    """
    stamp_file = ENVIRONMENT / "made-from"
    before = stamp_file.read_text(encoding="utf-8") if stamp_file.is_file() else ""
    if before == stamp:
        return
    why = change(before, stamp) if before else "once"
    print(f"noxw: installing nox and uv into .noxw, {why}; this takes about 20 seconds", file=sys.stderr, flush=True)
    venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=True)
    install = ["install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement", str(REQUIREMENTS)]
    # The lock is inherited: if this process is killed, it is held until pip has ended as well.
    run_online([ENVIRONMENT / "bin" / "python", "-m", "pip", *install], env=pip_variables(), close_fds=False)
    stamp_file.write_text(stamp, encoding="utf-8")


def change(before: str, now: str) -> str:
    """Return why an environment with another stamp is replaced."""
    same_place = before.partition("\n")[0] == now.partition("\n")[0]
    return f"since {REQUIREMENTS.relative_to(ROOT) if same_place else 'Python or the path of this folder'} changed"


def pip_variables() -> dict[str, str]:
    """Return our environment with settings for pip, which trusts SSL_CERT_FILE as uv does."""
    variables = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if certificates := os.environ.get("SSL_CERT_FILE"):
        variables.setdefault("PIP_CERT", certificates)
    del variables["PYTHONPATH"]  # it is for this program
    return variables


def main() -> int:
    """Create the environment under a lock; return 1 if pip or venv fails."""
    stamp = sys.argv[1] + "\n" + REQUIREMENTS.read_text(encoding="utf-8")
    with (ROOT / ".noxw.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - the only way to pass it
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            create(stamp)
        except subprocess.CalledProcessError as error:
            printed = str(error.stderr or error.output or "")
            if not error.stderr:  # venv keeps what failed to itself
                print(printed, file=sys.stderr)
            print(f"noxw: cannot install nox and uv; see above.\n{advice(printed)}", end="", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("noxw: stopped; nox and uv are not installed yet.", file=sys.stderr)
            return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
