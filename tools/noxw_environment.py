"""Make the private environment of `noxw`; standard library only, as it runs before anything is installed."""

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".noxw"
REQUIREMENTS = ROOT / "tools" / "noxw-requirements.txt"


def make(stamp: str) -> None:
    """Make the environment unless it has `stamp`, which is written last: what was killed half-way has none."""
    stamp_file = ENVIRONMENT / "made-from"
    if stamp_file.is_file() and stamp_file.read_text(encoding="utf-8") == stamp:
        return
    print("noxw: installing nox and uv into .noxw, once; this takes about 20 seconds", file=sys.stderr, flush=True)
    venv.create(ENVIRONMENT, clear=True, symlinks=True, with_pip=True)
    install = ["install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--requirement", str(REQUIREMENTS)]
    settings = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # The lock is inherited: if this process is killed, it is held until pip has ended as well.
    subprocess.run(
        [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", *install],
        check=True,
        close_fds=False,
        env={**os.environ, **settings},
    )
    stamp_file.write_text(stamp, encoding="utf-8")


def main() -> int:
    """Make the environment under a lock that ends with its holder; 1 if pip or venv fails."""
    stamp = sys.argv[1] + "\n" + REQUIREMENTS.read_text(encoding="utf-8")
    with (ROOT / ".noxw.lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - the only way to pass it
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            make(stamp)
        except subprocess.CalledProcessError as error:
            print(f"noxw: .noxw could not be made: {error.cmd[0]} failed as it says above.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
