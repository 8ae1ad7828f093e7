"""Run tests in forks of this process; started in a copy of a service, with the Python of its `.venv`.

Libraries are imported once, before the first fork, and the service again in each fork.
Writes the output of the last run to `mutation.log`.
Reads lines such as `{"tests": ["tests/core"], "seconds": 30}`, and prints pytest's exit code or "timeout" for each.
"""

import gc
import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import hypothesis
import pytest

PLUGINS = ("-p", "no:cacheprovider", "-p", "no:randomly")
OPTIONS = ("-x", "-q", *PLUGINS, "--hypothesis-seed=0", "-Wignore:Module already imported")


def preload() -> None:
    """Import what the tests import, compile it, and then unload the modules of this folder."""
    # Without pytest's own stdout, which is closed afterwards, and which Alembic would keep.
    pytest.main([*OPTIONS, "--capture=no", "--collect-only", "-qqq", "tests"])
    files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
    ours = {name.partition(".")[0] for name, file in files.items() if file.startswith(str(Path.cwd()))}
    for name in files:
        if name.partition(".")[0] in ours:
            del sys.modules[name]
    gc.collect()
    gc.freeze()  # pytest collects garbage often, which would look at all of that again and again


def hurry() -> None:
    """Make hypothesis report the first failure instead of shrinking it."""
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "hurry", phases=phases, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("hurry")


def run(tests: list[str], seconds: float) -> int | str:
    """Run the tests in their own process group, and kill what is left of it afterwards."""
    child = os.fork()
    if not child:
        os.setsid()
        speak_to("mutation.log")
        os._exit(int(pytest.main([*OPTIONS, *tests])))
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        return "timeout"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def speak_to(log: str) -> None:
    """Redirect the output of this process and its children to a file."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)


def main() -> None:
    """Respond to requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    speak_to("mutation.log")
    preload()
    hurry()
    # A mutant must not be taken for the one before it, nor by what its tests start.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
