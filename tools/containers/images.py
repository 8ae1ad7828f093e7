"""Build the images, run the system in containers, and test both: `python -m containers.images [pytest arguments]`."""

import os
import subprocess
import sys

from containers.engine import NEEDED, why_not
from containers.running import running_containers, variable
from failures import SystemFailure
from layout import ROOT
from processes.stopping import Stopped, stop_on_signals

TESTS = ("tests/images", "tests/system")


def main() -> int:
    """Return 0 if all tests passed, else 1; 2, after one line with the reason, without a usable engine."""
    if reason := why_not():
        print(f"{reason} {NEEDED}", file=sys.stderr)
        return 2
    stop_on_signals()
    try:
        print("Building the images and starting the containers ...", flush=True)
        with running_containers() as containers:
            command = [sys.executable, "-m", "pytest", *(sys.argv[1:] or TESTS)]
            environment = {
                **containers.environment,
                **{variable(name, "URL"): containers.url(name) for name in ("users", "friends", "accounts")},
                "ALLIUM_CONTAINERS": " ".join(containers.ports),  # for tests/images
            }
            return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    except SystemFailure as error:
        print(error, file=sys.stderr)
    except Stopped:
        print("Stopped.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
